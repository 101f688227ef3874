"""The filters that are set, in words, each with the view without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from workbench.services.explore.filters import Filters
from workbench.web.request.parsing import number_text
from workbench.web.request.view import View
from workbench.web.request.view_state import UNBOUNDED
from workbench.web.site.formatting import label_words, outcome_words, property_words
from workbench.web.site.import_note_words import import_note_words
from workbench.web.site.verdict_words import verdict_words


@dataclass(frozen=True)
class FilterChip:
    """One filter: what it asks for, and the address without it."""

    words: str
    without: str


def chips(view: View) -> tuple[FilterChip, ...]:
    """A chip for each filter that is set, in the order of the form."""
    return tuple(
        FilterChip(_WORDS[name](value), view.filtered(**{name: _unset(name)}).url())
        for name, value in vars(view.filters).items()
        if value not in (None, ())
    )


def _unset(name: str) -> object:
    unset: object = getattr(Filters(), name)
    return unset


def _range(name: str) -> Callable[[tuple[float, float]], str]:
    def words(limits: tuple[float, float]) -> str:
        low, high = limits
        if low <= -UNBOUNDED:
            return gettext("%(name)s ≤ %(high)s", name=gettext(name), high=number_text(high))
        if high >= UNBOUNDED:
            return gettext("%(name)s ≥ %(low)s", name=gettext(name), low=number_text(low))
        return gettext(
            "%(name)s %(low)s to %(high)s",
            name=gettext(name),
            low=number_text(low),
            high=number_text(high),
        )

    return words


def _activation(value: tuple[int, float, float]) -> str:
    name = gettext("dimension %(index)s", index=value[0])
    return _range(name)(value[1:])


_WORDS: dict[str, Callable[[Any], str]] = {
    "outcome": outcome_words,
    "label": lambda value: gettext("label: %(label)s", label=label_words(value)),
    "generator": lambda value: gettext("generator: %(generator)s", generator=value),
    "split": lambda value: (
        gettext("test split") if value == "held_out" else gettext("training split")
    ),
    "noted": lambda value: gettext("import: %(note)s", note=import_note_words(value)),
    "file_format": lambda value: gettext("format: %(format)s", format=value),
    "image_property": lambda value: _range(property_words(value[0]))(value[1:]),
    "p": _range("p(fake)"),
    "severity": lambda value: gettext("severity %(levels)s", levels=", ".join(map(str, value))),
    "sensitivity": _range("sensitivity"),
    "activation": _activation,
    "tag": lambda value: gettext("tag: %(tag)s", tag=value),
    "verdict": verdict_words,
    "text": lambda value: gettext("text: “%(text)s”", text=value),
}
