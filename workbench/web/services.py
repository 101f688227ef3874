"""The use cases that views call, as one object, so that tests can hand in their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app

from workbench.services import (
    accounts,
    browsing,
    collections,
    counterfactuals,
    dimensions,
    judging,
    media,
    neighbours,
    overview,
    pattern_reports,
    patterns,
    rendering,
    runs,
    selecting,
    tag_checks,
    tagging,
    versions,
)


@dataclass(frozen=True)
class Services:
    """One service module a field, or anything with the same functions."""

    accounts: Any = accounts
    browsing: Any = browsing
    collections: Any = collections
    counterfactuals: Any = counterfactuals
    dimensions: Any = dimensions
    judging: Any = judging
    media: Any = media
    neighbours: Any = neighbours
    overview: Any = overview
    pattern_reports: Any = pattern_reports
    patterns: Any = patterns
    rendering: Any = rendering
    runs: Any = runs
    selecting: Any = selecting
    tag_checks: Any = tag_checks
    tagging: Any = tagging
    versions: Any = versions


def services() -> Services:
    """The use cases of the current application."""
    found: Services = current_app.extensions["workbench.services"]
    return found
