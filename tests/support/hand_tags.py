"""The tags that people put on a pixel group by hand."""

from __future__ import annotations

from sqlalchemy import select

from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import PixelGroup


def hand_tags(group_id: int) -> list[str]:
    """The standing tags on the region of a group, the oldest first."""
    return list(
        session().scalars(
            select(Tag.name)
            .join(Tagging, Tagging.tag_id == Tag.id)
            .join(PixelGroup, PixelGroup.region_id == Tagging.region_id)
            .where(PixelGroup.id == group_id, Tagging.withdrawn_at.is_(None))
            .order_by(Tagging.id)
        )
    )
