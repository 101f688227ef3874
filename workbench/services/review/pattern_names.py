"""What patterns are called: by their tag, or by their number until they have one."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext
from sqlalchemy import select

from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging


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
