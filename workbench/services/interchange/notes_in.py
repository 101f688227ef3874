"""Counterfactual notes that come from outside, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext

from workbench.services.errors import ServiceError
from workbench.services.interchange.fields import short
from workbench.services.interchange.incoming import LineError
from workbench.services.review.notes import check_text

_NUMBERS: Final = ("p_before", "p_after", "delta_logit")
_OPTIONAL: Final = ("control_mean", "control_spread", "control_low", "control_high", "bound")
_EXPECTATIONS: Final = ("fall", "rise", "stay")


def note_of(note: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a note. Raises LineError for what is none."""
    found: dict[str, Any] = {name: _number(note, name) for name in _NUMBERS}
    found |= {name: _number(note, name) for name in _OPTIONAL if note.get(name) is not None}
    if not isinstance(note.get("edit"), dict):
        raise LineError("notes.edit", gettext("This note has no edit."))
    if note.get("expectation") not in _EXPECTATIONS:
        raise LineError(
            "notes.expectation",
            gettext(
                "Unknown value “%(value)s”. It is one of: %(all)s.",
                value=short(note.get("expectation")),
                all=", ".join(_EXPECTATIONS),
            ),
        )
    text = note.get("text")
    if not isinstance(text, str):
        raise LineError("notes.text", gettext("This is no text: %(value)s.", value=short(text)))
    try:
        found["text"] = check_text(text)
    except ServiceError as error:
        raise LineError("notes.text", str(error)) from error
    return found | {"edit": note["edit"], "expectation": note["expectation"]}


def _number(note: Mapping[str, Any], name: str) -> float:
    value = note.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LineError(
            f"notes.{name}", gettext("This is no number: %(value)s.", value=short(value))
        )
    return float(value)
