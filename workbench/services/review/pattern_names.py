"""Patterns found by id, and what they are called: their tag, or their number until then."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext
from sqlalchemy import select

from workbench.services.errors import NotFoundError
from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import Pattern


def pattern_labels(pattern_ids: Sequence[int]) -> dict[int, str]:
    """The first standing tag of each pattern that has one, by pattern id."""
    rows = session().execute(
        select(Tagging.pattern_id, Tag.name)
        .join(Tag)
        .where(Tagging.pattern_id.in_(pattern_ids), Tagging.withdrawn_at.is_(None))
        .order_by(Tagging.id.desc())
    )
    return {pattern_id: name for pattern_id, name in rows if pattern_id is not None}


def default_label(number: int) -> str:
    """What an untagged pattern is called."""
    return str(gettext("pattern %(number)s", number=number))


def pattern_name(version_id: int, pattern_id: int) -> str:
    """What a pattern is called. Raises NotFoundError for a pattern of another version."""
    found = find_pattern(version_id, pattern_id)
    return pattern_labels([found.id]).get(found.id, default_label(found.number))


def find_pattern(version_id: int, pattern_id: int) -> Pattern:
    """The pattern's row. Raises NotFoundError for a pattern of another version."""
    found = session().get(Pattern, pattern_id)
    if found is None or found.version_id != version_id:
        raise NotFoundError(gettext("Pattern not found in this version."))
    return found
