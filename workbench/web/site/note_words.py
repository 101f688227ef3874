"""What came of notes, in words: template filters."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

CAME_WORDS = {
    "met": lazy_gettext("met"),
    "unmet": lazy_gettext("not met"),
    "untested": lazy_gettext("not tested"),
    "refused": lazy_gettext("cannot be replayed"),
    "waiting": lazy_gettext("not replayed yet"),
}
EDIT_KIND_WORDS = {
    "region": lazy_gettext("regions"),
    "dimension": lazy_gettext("dimensions"),
}


def came_words(value: str) -> str:
    """What came of an expectation under a version: "not met"."""
    return str(CAME_WORDS[value])


def edit_kind_words(value: str) -> str:
    """What is edited: "regions"."""
    return str(EDIT_KIND_WORDS[value])


def register(app: Flask) -> None:
    """Make these functions template filters of their own names."""
    for function in (came_words, edit_kind_words):
        app.add_template_filter(function)
