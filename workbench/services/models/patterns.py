"""Patterns found by id."""

from __future__ import annotations

from flask_babel import gettext

from workbench.services.errors import NotFoundError
from workbench.store.database import session
from workbench.store.results import Pattern


def find_pattern(version_id: int, pattern_id: int) -> Pattern:
    """The pattern's row. Raises NotFoundError for a pattern of another version."""
    found = session().get(Pattern, pattern_id)
    if found is None or found.version_id != version_id:
        raise NotFoundError(gettext("Pattern not found in this version."))
    return found
