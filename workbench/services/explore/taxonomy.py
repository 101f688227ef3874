"""The taxonomy: its tags with what bears them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.explore.tag_bearers import inheriting
from workbench.services.review import tag_checks
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


def taxonomy(version_ids: Sequence[int], text: str = "", after: str = "") -> TaxonomyPage:
    """A page of the tags whose names hold a text, without case, by name. Five queries.

    What bears them is counted in these versions alone, the images as a filter by tag finds them.
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
        rows=_rows(shown, version_ids),
        total=total,
        after=shown[-1].folded_name if len(tags) > len(shown) else None,
    )


@dataclass(frozen=True)
class _OnPattern:
    """A tag on a pattern with so many pixel groups."""

    version_id: int
    pattern_id: int
    groups: int
    rejected: Mapping[int, int]
    """The image of each group that the tag was rejected on, by group id."""


@dataclass(frozen=True)
class _OnGroup:
    """A tag on a pixel group by hand."""

    group_id: int
    version_id: int
    image_id: int
    pattern_id: int | None


def _rows(tags: Sequence[Tag], version_ids: Sequence[int]) -> tuple[TagRow, ...]:
    ids = [tag.id for tag in tags]
    on_patterns, on_groups = _on_patterns(ids, version_ids), _on_groups(ids)
    stores = {each: column_store(each) for each in version_ids}
    return tuple(_row(tag, on_patterns[tag.id], on_groups[tag.id], stores) for tag in tags)


def _on_patterns(
    tag_ids: Sequence[int], version_ids: Sequence[int]
) -> defaultdict[int, list[_OnPattern]]:
    rows = (
        session()
        .execute(
            select(Tagging.tag_id, Tagging.id, Pattern.version_id, Pattern.id, Pattern.groups)
            .join(Pattern, Pattern.id == Tagging.pattern_id)
            .where(
                Tagging.tag_id.in_(tag_ids),
                Tagging.withdrawn_at.is_(None),
                Pattern.version_id.in_(version_ids),
            )
        )
        .all()
    )
    rejected = tag_checks.rejected(tagging_id for _tag, tagging_id, *_ in rows)
    found: defaultdict[int, list[_OnPattern]] = defaultdict(list)
    for tag_id, tagging_id, version_id, pattern_id, groups in rows:
        found[tag_id].append(
            _OnPattern(version_id, pattern_id, groups, rejected.get(tagging_id, {}))
        )
    return found


def _on_groups(tag_ids: Sequence[int]) -> defaultdict[int, list[_OnGroup]]:
    """Under every version: an image stays tagged by hand."""
    found: defaultdict[int, list[_OnGroup]] = defaultdict(list)
    for tag_id, *group in session().execute(
        select(
            Tagging.tag_id,
            PixelGroup.id,
            PixelGroup.version_id,
            PixelGroup.image_id,
            PixelGroup.pattern_id,
        )
        .join(PixelGroup, PixelGroup.id == Tagging.pixel_group_id)
        .where(Tagging.tag_id.in_(tag_ids), Tagging.withdrawn_at.is_(None))
    ):
        found[tag_id].append(_OnGroup(*group))
    return found


def _row(
    tag: Tag, patterns: list[_OnPattern], groups: list[_OnGroup], stores: Mapping[int, ColumnStore]
) -> TagRow:
    tagged = {each.pattern_id: each for each in patterns}
    by_hand = [
        each
        for each in groups
        if each.version_id in stores
        and (each.pattern_id not in tagged or each.group_id in tagged[each.pattern_id].rejected)
    ]
    # A version's columns know at once which images have a pattern; the database would have to go
    # through all its groups.
    ids = np.array([each.image_id for each in groups], np.int64)
    images = [store.image_ids[store.rows_of(ids)] for store in stores.values()]
    for each in patterns:
        store = stores[each.version_id]
        index = store.pattern_index(each.pattern_id)
        images.append(store.image_ids[inheriting(store, index, each.rejected)])
    return TagRow(
        id=tag.id,
        name=tag.name,
        description=tag.description,
        patterns=len(patterns),
        groups=sum(each.groups - len(each.rejected) for each in patterns) + len(by_hand),
        images=len(np.unique(np.concatenate(images))) if images else 0,
        created_by=tag.created_by.name,
        created_at=tag.created_at,
    )
