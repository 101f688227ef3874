"""Drawn regions and findings in words: template filters."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

from workbench.services.review.findings import SEVERITY_WORDS

_TOOLS = {
    "box": lazy_gettext("box"),
    "polygon": lazy_gettext("polygon"),
    "lasso": lazy_gettext("lasso"),
    "brush": lazy_gettext("brush"),
    "superpixels": lazy_gettext("superpixels"),
    "groups": lazy_gettext("pixel groups"),
    "several": lazy_gettext("several tools"),
}


def tool_words(tool: str) -> str:
    """What a region was drawn with."""
    return str(_TOOLS[tool])


def severity_words(severity: str) -> str:
    """How severe a finding is."""
    return str(SEVERITY_WORDS[severity])


def register(app: Flask) -> None:
    """Offer them to templates."""
    app.add_template_filter(tool_words)
    app.add_template_filter(severity_words)
    app.jinja_env.globals["severities"] = tuple(SEVERITY_WORDS)
