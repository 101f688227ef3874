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
    "verdicts": lazy_gettext("by verdict"),
    "adjudicated": lazy_gettext("adjudicated"),
    "majority": lazy_gettext("by majority"),
    "disputed": lazy_gettext("verdicts that disagree: as imported"),
    "none": lazy_gettext("no label and no verdict"),
}


_FORMATS: Final = {
    "jsonl": "JSON lines",
    "csv": "CSV",
    "parquet": "Parquet",
    "coco": "COCO",
    "label_studio": "Label Studio",
    "cvat": "CVAT",
    "imagefolder": lazy_gettext("imagefolder, with pictures"),
    "coco_zip": lazy_gettext("COCO, with pictures"),
    "cvat_zip": lazy_gettext("CVAT, with pictures"),
}
_STATES: Final = {
    "queued": lazy_gettext("queued"),
    "running": lazy_gettext("running"),
    "succeeded": lazy_gettext("ready"),
    "failed": lazy_gettext("failed"),
    "cancelled": lazy_gettext("cancelled"),
    "expired": lazy_gettext("its file was removed"),
}


def format_words(form: str) -> str:
    """A format by its name."""
    return str(_FORMATS[form])


def export_state_words(state: str) -> str:
    """How far an export is."""
    return str(_STATES[state])


def set_label_words(label: str) -> str:
    """A final label, or why there is none."""
    return str(LABEL_WORDS[label])


def rule_words(rule: str) -> str:
    """By what an image has its label."""
    return str(_RULES[rule])


def register(app: Flask) -> None:
    """Offer them to templates."""
    for function in (set_label_words, rule_words, format_words, export_state_words):
        app.add_template_filter(function)
