"""Webhooks in words: template filters."""

from __future__ import annotations

from typing import Final

from flask import Flask
from flask_babel import lazy_gettext

_GROUPS: Final = {
    "verdicts": lazy_gettext("Verdicts"),
    "adjudications": lazy_gettext("Adjudications"),
    "tags": lazy_gettext("Tags"),
    "taxonomy": lazy_gettext("Taxonomy"),
    "regions": lazy_gettext("Drawn regions"),
    "notes": lazy_gettext("Notes"),
    "queues": lazy_gettext("Review queues"),
    "label_sets": lazy_gettext("Label sets"),
    "imports": lazy_gettext("Imports of images"),
    "runs": lazy_gettext("Runs and versions"),
    "removals": lazy_gettext("Removals"),
}
_STATES: Final = {
    "waiting": lazy_gettext("waiting"),
    "failed": lazy_gettext("failed, is tried again"),
    "delivered": lazy_gettext("delivered"),
    "given_up": lazy_gettext("given up"),
}
_PAUSED: Final = {
    "by_hand": lazy_gettext("Paused by an admin."),
    "gone": lazy_gettext("Paused: the receiver answered 410, so it is gone for good."),
    "failing": lazy_gettext("Paused: nothing has reached the receiver for three days."),
}


def event_group_words(value: str) -> str:
    """A group of event types."""
    return str(_GROUPS[value])


def delivery_state_words(value: str) -> str:
    """How a delivery stands."""
    return str(_STATES[value])


def paused_words(value: str) -> str:
    """Why nothing is sent to a webhook."""
    return str(_PAUSED[value])


def register(app: Flask) -> None:
    """Make these functions template filters of their own names."""
    for function in (event_group_words, delivery_state_words, paused_words):
        app.add_template_filter(function)
