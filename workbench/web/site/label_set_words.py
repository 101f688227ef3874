"""Label sets in words: template filters."""

from __future__ import annotations

from typing import Final

from flask import Flask
from flask_babel import lazy_gettext

LABEL_WORDS: Final = {
    "real": lazy_gettext("real"),
    "fake": lazy_gettext("fake"),
    "none": lazy_gettext("no label"),
    "exclude": lazy_gettext("excluded"),
}
"""By what a label set counts its images as."""
_RULES: Final = {
    "imported": lazy_gettext("as imported"),
    "verdicts": lazy_gettext("verdicts that agree"),
    "adjudicated": lazy_gettext("adjudicated"),
    "majority": lazy_gettext("by majority"),
    "disputed": lazy_gettext("verdicts that disagree: as imported"),
    "none": lazy_gettext("no label and no verdict"),
}


def set_label_words(label: str) -> str:
    """A final label, or why there is none."""
    return str(LABEL_WORDS[label])


def rule_words(rule: str) -> str:
    """By what an image has its label."""
    return str(_RULES[rule])


def register(app: Flask) -> None:
    """Offer them to templates."""
    app.add_template_filter(set_label_words)
    app.add_template_filter(rule_words)
