"""Imports in words: template filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask import Flask
from flask_babel import lazy_gettext

from workbench.services.imports.changes import Change, meanings

_MOST_DATES: Final = 3
_STATES: Final = {
    "draft": lazy_gettext("Draft"),
    "queued": lazy_gettext("Queued"),
    "running": lazy_gettext("Running"),
    "succeeded": lazy_gettext("Imported"),
    "failed": lazy_gettext("Failed"),
    "cancelled": lazy_gettext("Cancelled"),
}
_COUNTED: Final = {
    "": lazy_gettext("none named"),
    "real": lazy_gettext("real"),
    "fake": lazy_gettext("fake"),
    "none": lazy_gettext("unlabelled"),
    "training": lazy_gettext("training"),
    "test": lazy_gettext("test"),
    "drawn": lazy_gettext("drawn by source group"),
}


def import_state_words(state: str) -> str:
    """How an import stands."""
    return str(_STATES[state])


def import_count_words(name: str) -> str:
    """What is counted: a label, a part of the split, or a name of the source's own."""
    return str(_COUNTED.get(name, name))


def change_words(change: Change | Mapping[str, Any]) -> str:
    """A change in one line; of a report that was kept, its JSON."""
    return _read(change).words


def change_meanings(changes: Iterable[Change | Mapping[str, Any]]) -> list[str]:
    """What kinds of change mean that do not say it themselves."""
    return meanings([_read(each) for each in changes])


def _read(change: Change | Mapping[str, Any]) -> Change:
    return change if isinstance(change, Change) else Change(**change)


def unread_date_words(dates: Mapping[str, int]) -> str:
    """Dates that could not be read, the most frequent first: “03/2024” (12)."""
    named = [f"“{date}” ({number})" for date, number in dates.items()]
    return ", ".join(named[:_MOST_DATES]) + (", …" if len(named) > _MOST_DATES else "")


def register(app: Flask) -> None:
    """Offer them to templates."""
    app.add_template_filter(import_state_words)
    app.add_template_filter(import_count_words)
    app.add_template_filter(change_words)
    app.add_template_filter(change_meanings)
    app.add_template_filter(unread_date_words)
