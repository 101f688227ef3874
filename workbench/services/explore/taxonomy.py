"""The taxonomy: its tags with what bears them, and the images that bear a tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Bundle, joinedload

from workbench.services.columns.store import ColumnStore, Rows, column_store
from workbench.services.review.tags import named_with
from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import Pattern, PixelGroup

TAGS_A_PAGE = 50


@dataclass(frozen=True)
class TagRow:
    """A tag with what bears it; `groups` and `images` count tags by hand and by pattern."""

    id: int
    name: str
    description: str
    patterns: int
    groups: int
    images: int
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class TaxonomyPage:
    """Some tags by name. `total` counts all that were asked for, not only these.

    `after` is the key of the next page, the last name here without case; None at the end.
    """

    rows: tuple[TagRow, ...]
    total: int
    after: str | None


_ON_PATTERN: Bundle[Any] = Bundle("pattern", Pattern.version_id, Pattern.id, Pattern.groups)
_ON_GROUP: Bundle[Any] = Bundle("group", PixelGroup.image_id, PixelGroup.id, PixelGroup.pattern_id)


def taxonomy(text: str = "", after: str = "") -> TaxonomyPage:
    """A page of the tags whose names hold a text, without case, by name. Three queries.

    The key is a name and not a number: what is added meanwhile moves no tag to another page.
    """
    wanted = named_with(text)
    total = session().scalar(select(func.count()).select_from(Tag).where(wanted)) or 0
    found = session().scalars(
        select(Tag)
        .options(joinedload(Tag.created_by))
        .where(wanted, Tag.folded_name > after)
        .order_by(Tag.folded_name)
        .limit(TAGS_A_PAGE + 1)
    )
    tags = found.all()
    shown = tags[:TAGS_A_PAGE]
    return TaxonomyPage(
        rows=_rows(shown),
        total=total,
        after=shown[-1].folded_name if len(tags) > len(shown) else None,
    )


def _rows(tags: Sequence[Tag]) -> tuple[TagRow, ...]:
    on_patterns: defaultdict[int, set[tuple[int, int, int]]] = defaultdict(set)
    on_groups: defaultdict[int, set[tuple[int, int, int | None]]] = defaultdict(set)
    for tag_id, pattern, group in session().execute(
        select(Tagging.tag_id, _ON_PATTERN, _ON_GROUP)
        .outerjoin(Pattern, Pattern.id == Tagging.pattern_id)
        .outerjoin(PixelGroup, PixelGroup.id == Tagging.pixel_group_id)
        .where(Tagging.tag_id.in_([tag.id for tag in tags]), Tagging.withdrawn_at.is_(None))
    ):
        if pattern.id is not None:
            on_patterns[tag_id].add(tuple(pattern))
        else:
            on_groups[tag_id].add(tuple(group))
    return tuple(_row(tag, on_patterns[tag.id], on_groups[tag.id]) for tag in tags)


def _row(
    tag: Tag, patterns: set[tuple[int, int, int]], groups: set[tuple[int, int, int | None]]
) -> TagRow:
    """`patterns` are (version, id, number of groups), `groups` (image, id, pattern)."""
    tagged = {pattern_id for _version, pattern_id, _groups in patterns}
    by_hand = [pattern_id for _image, _id, pattern_id in groups if pattern_id not in tagged]
    # A version's columns know at once which images have a pattern; the database would have to go
    # through all its groups.
    parts = [np.array([image_id for image_id, _id, _pattern in groups], np.int64)]
    for version_id, pattern_id, _groups in patterns:
        store = column_store(version_id)
        members = store.members(store.pattern_index(pattern_id))
        parts.append(store.image_ids[store.member_rows[members]])
    return TagRow(
        id=tag.id,
        name=tag.name,
        description=tag.description,
        patterns=len(patterns),
        groups=sum(each for _version, _id, each in patterns) + len(by_hand),
        images=len(np.unique(np.concatenate(parts))),
        created_by=tag.created_by.name,
        created_at=tag.created_at,
    )


def tag_ids(condition: ColumnElement[bool]) -> list[int]:
    """The tags that a condition on `Tag` holds for."""
    return list(session().scalars(select(Tag.id).where(condition)))


def tagged(store: ColumnStore, tags: list[int]) -> Rows:
    """The images that bear one of these tags: on a pixel group by hand, or on a pattern."""
    rows = np.zeros(store.count, np.bool_)
    if not tags:
        return rows
    standing = Tagging.tag_id.in_(tags) & Tagging.withdrawn_at.is_(None)
    by_pattern = session().scalars(select(Tagging.pattern_id).where(standing).distinct())
    for index in np.flatnonzero(np.isin(store.pattern_ids, [each or 0 for each in by_pattern])):
        rows[store.member_rows[store.members(int(index))]] = True
    by_hand = select(PixelGroup.image_id).join(Tagging).where(standing)
    rows[store.rows_of(session().scalars(by_hand).all())] = True
    return rows
