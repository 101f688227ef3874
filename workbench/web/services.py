"""The use cases that views call, as one object, so that tests can hand in their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app

from workbench.services import accounts, collections
from workbench.services.explore import cards, dimensions, filters, grid, patterns, reports
from workbench.services.export import png
from workbench.services.image import counterfactuals, media
from workbench.services.models import versions
from workbench.services.review import tag_checks, tags, verdicts
from workbench.services.runs import queue
from workbench.services.similar import search


@dataclass(frozen=True)
class Services:
    """One service module a field, or anything with the same functions."""

    accounts: Any = accounts
    browsing: Any = cards
    collections: Any = collections
    counterfactuals: Any = counterfactuals
    dimensions: Any = dimensions
    judging: Any = verdicts
    media: Any = media
    neighbours: Any = search
    overview: Any = grid
    pattern_reports: Any = reports
    patterns: Any = patterns
    rendering: Any = png
    runs: Any = queue
    selecting: Any = filters
    tag_checks: Any = tag_checks
    tagging: Any = tags
    versions: Any = versions


def services() -> Services:
    """The use cases of the current application."""
    found: Services = current_app.extensions["workbench.services"]
    return found
