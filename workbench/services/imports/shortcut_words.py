"""What is said of a collection's shortcuts: in the report of an import, on pages, by commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

FAMILIES = {
    "format": lazy_gettext("file format"),
    "size": lazy_gettext("image size"),
    "aspect": lazy_gettext("aspect ratio"),
    "jpeg": lazy_gettext("JPEG quality and tables"),
    "compression_history": lazy_gettext("earlier JPEG compression"),
    "borders": lazy_gettext("borders"),
    "resampling": lazy_gettext("sharpness and resampling"),
    "colour": lazy_gettext("colour statistics"),
}


def shortcut_words(facts: Mapping[str, Any]) -> str:
    """One or two sentences; empty where too few images could tell."""
    auc = facts.get("auc")
    if auc is None:
        return ""
    if facts.get("warned"):
        named = [
            f"{FAMILIES[name]} ({facts['families'][name]['auc']:.2f})" for name in facts["shortcut"]
        ]
        return gettext(
            "Shortcut: the label is predicted without looking at what images show, with AUC "
            "%(auc)s by %(facts)s. Figures made from these images may measure that.",
            auc=f"{auc:.2f}",
            facts=", ".join(named) or gettext("all facts of the files together"),
        )
    return gettext(
        "Metadata baseline: format, size, compression and borders alone predict the label with AUC "
        "%(auc)s (0.5 is chance).",
        auc=f"{auc:.2f}",
    )
