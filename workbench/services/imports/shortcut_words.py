"""What facts of files are called, and what is said of them where they are no shortcut."""

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


def family_name(family: str) -> str:
    """What a family of facts is called; all of them for one that is none."""
    return str(FAMILIES.get(family, gettext("all facts of the files together")))


def shortcut_names(aucs: Mapping[str, float]) -> str:
    """Shortcuts, each with its AUC: "image size (AUC 0.98), borders (AUC 0.71)"."""
    return ", ".join(
        gettext("%(facts)s (AUC %(auc)s)", facts=family_name(family), auc=f"{auc:.2f}")
        for family, auc in aucs.items()
    )


def baseline_words(facts: Mapping[str, Any]) -> str:
    """How little facts of the files tell; empty where they are warned about, or nothing tells."""
    auc = facts.get("auc")
    if auc is None or facts.get("warned"):
        return ""
    return gettext(
        "Metadata baseline: format, size, compression and borders alone predict the label with AUC "
        "%(auc)s (0.5 is chance).",
        auc=f"{auc:.2f}",
    )
