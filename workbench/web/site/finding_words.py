"""Findings of a data check, and what was done about them, in words: template filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask_babel import gettext

from workbench.services.hygiene.actions import ActionView
from workbench.services.hygiene.findings import Finding
from workbench.services.hygiene.remedy import made_alike_words
from workbench.services.hygiene.warnings import shortcuts_in, warning_words
from workbench.services.hygiene.words import few_images_words, finding_title, finding_words
from workbench.services.imports.shortcut_words import baseline_words

MOST_SETS = 8
"""So many groups of a finding are shown, with so many images each."""
MOST_OF_SET = 6
MOST_LISTED = 200
"""So many groups of a finding are shown where all are asked for."""


def action_words(finding: Finding, action: str) -> str:
    """The button of an action: "Leave copies out"."""
    if action == "make_alike":
        return gettext("Make all images alike")
    if action == "one_group":
        return gettext("Keep duplicates on one side of the split")
    if finding.kind == "shortcut":
        return gettext("Leave images without a counterpart out")
    if finding.kind == "duplicates":
        return gettext("Leave copies out")
    if finding.kind == "duplicates_across_split":
        return gettext("Leave the training copies out")
    return gettext("Leave these images out")


def done_words(action: ActionView) -> str:
    """What was done: "Left out 12 images: Duplicates"."""
    if action.kind == "make_alike":
        return gettext("Made %(images)s images alike", images=action.images)
    title = finding_title(action.finding)
    if action.kind == "one_group":
        return gettext("Regrouped %(images)s images: %(title)s", images=action.images, title=title)
    return gettext("Left out %(images)s images: %(title)s", images=action.images, title=title)


def slice_query(finding: Finding, version: int | None) -> str:
    """The query of the overview that shows a slice's misclassified images.

    version: that whose scores tell it, where pages show another one; else None.
    """
    name, _, value = finding.subject.partition("=")
    pinned = {} if version is None else {"version": version}
    return urlencode({**pinned, name: value, "outcome": "misclassified"})


def shortcut_words(facts: Mapping[str, Any]) -> str:
    """What facts of files tell: the warning, or how little; empty where nothing is known."""
    return warning_words(shortcuts_in(facts), None) or baseline_words(facts)


def register(app: Flask) -> None:
    """Offer them to templates."""
    app.add_template_filter(finding_words)
    app.add_template_filter(finding_title)
    app.add_template_filter(few_images_words)
    app.add_template_filter(action_words)
    app.add_template_filter(done_words)
    app.add_template_filter(slice_query)
    app.add_template_filter(made_alike_words)
    app.jinja_env.globals.update(
        MOST_SETS=MOST_SETS,
        MOST_OF_SET=MOST_OF_SET,
        MOST_LISTED=MOST_LISTED,
        shortcut_words=shortcut_words,
    )
