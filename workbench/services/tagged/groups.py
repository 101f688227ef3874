"""The pixel groups and images of a version that bear each tag, whichever version it was put on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, literal, select, union_all
from sqlalchemy.orm import joinedload

from workbench.services.columns.store import ColumnStore
from workbench.services.review import tag_checks
from workbench.services.review.tags import TaggingView, view_of
from workbench.services.tagged.covering import (
    covering_each,
    groups_covering,
    groups_covering_pattern,
    regions_of_pattern,
)
from workbench.store.database import session
from workbench.store.judgements import Tag, TaggedRegion, Tagging
from workbench.store.regions import Region
from workbench.store.results import Pattern
from workbench.store.versions import ModelVersion

Ids = NDArray[np.int64]
_NONE: Ids = np.empty(0, np.int64)


@dataclass(frozen=True)
class TaggedGroups:
    """What bears a tag under a version.

    groups: pixel groups, as indexes of the version's columns, ascending.
    rows: images, as rows, ascending: also those whose region the version has no group on.
    """

    tag: str
    groups: Ids
    rows: Ids


@dataclass(frozen=True)
class OnPattern:
    """A standing tag on a pattern of some version, and what it covers under the version shown.

    version: the number of the pattern's version.
    own: whether that is the very version that is shown.
    """

    view: TaggingView
    pattern_id: int
    version: int
    own: bool
    groups: Ids
    rows: Ids


def tagged_groups(
    store: ColumnStore,
    tag_ids: Sequence[int] | None = None,
    standing: Sequence[OnPattern] | None = None,
) -> dict[int, TaggedGroups]:
    """What bears these tags, or any tag, by tag; without tags that nothing bears.

    `standing` are the tags on patterns, where they were asked for already.
    Six queries at most, and for each pattern of another version one more, the first time.
    """
    groups: defaultdict[int, list[Ids]] = defaultdict(list)
    rows: defaultdict[int, list[Ids]] = defaultdict(list)
    names: dict[int, str] = {}
    for each in on_patterns(store, tag_ids) if standing is None else standing:
        names[each.view.tag_id] = each.view.tag
        groups[each.view.tag_id].append(each.groups)
        rows[each.view.tag_id].append(each.rows)
    on_regions, their_names = _on_regions(tag_ids)
    names |= their_names
    on_regions = on_regions[store.has_images(on_regions[:, 2])]
    tags, regions, image_ids = on_regions.T
    at, covering = covering_each(store, regions)
    for tag_id, part in _by_tag(tags[at], covering):
        groups[tag_id].append(part)
    for tag_id, part in _by_tag(tags, store.rows_of(image_ids)):
        rows[tag_id].append(part)
    return {
        tag_id: TaggedGroups(names[tag_id], _union(groups[tag_id]), _union(some))
        for tag_id, some in rows.items()
    }


def _by_tag(tags: Ids, values: Ids) -> Iterator[tuple[int, Ids]]:
    order = np.argsort(tags, kind="stable")
    found, starts = np.unique(tags[order], return_index=True)
    for tag_id, part in zip(found, np.split(values[order], starts[1:]), strict=False):
        yield int(tag_id), part


def on_patterns(store: ColumnStore, tag_ids: Sequence[int] | None = None) -> list[OnPattern]:
    """The standing tags on patterns of the collection's versions, the oldest first."""
    standing = session().execute(
        select(Tagging, ModelVersion.id, ModelVersion.number)
        .join(Pattern, Pattern.id == Tagging.pattern_id)
        .join(ModelVersion, ModelVersion.id == Pattern.version_id)
        .options(joinedload(Tagging.tag), joinedload(Tagging.user))
        .where(
            Tagging.withdrawn_at.is_(None),
            ModelVersion.collection_id == store.collection_id,
            *_of(tag_ids),
        )
        .order_by(Tagging.id)
    )
    found = standing.tuples().all()
    rejected = tag_checks.rejected(tagging.id for tagging, *_ in found)
    return [
        OnPattern(
            view_of(tagging),
            pattern_id,
            number,
            version_id == store.version_id,
            *_covered(store, pattern_id, version_id, rejected.get(tagging.id, {})),
        )
        for tagging, version_id, number in found
        if (pattern_id := tagging.pattern_id) is not None
    ]


def _covered(
    store: ColumnStore, pattern_id: int, version_id: int, rejected: Mapping[int, int]
) -> tuple[Ids, Ids]:
    """The groups that lie on a pattern's regions, and its images, but for rejected regions."""
    off = np.array(list(rejected), np.int64)
    if version_id == store.version_id:
        groups = store.groups_of(store.pattern_index(pattern_id))
        groups = np.setdiff1d(groups, store.groups_on(off))
        return groups, np.unique(store.pixel_group_rows[groups]).astype(np.int64)
    if not len(off):
        return groups_covering_pattern(store, pattern_id)
    regions, image_ids = regions_of_pattern(pattern_id)
    fitting = ~np.isin(regions, off)
    groups = np.setdiff1d(groups_covering(store, regions[fitting]), store.groups_on(off))
    return groups, np.unique(store.rows_of(image_ids[fitting]))


def _on_regions(tag_ids: Sequence[int] | None) -> tuple[Ids, dict[int, str]]:
    """Tag, region and image of what tags were put on by region, and the tags' names."""
    columns = Tag.id, Region.id, Region.image_id, Tagging.id, Tag.name
    standing = Tagging.withdrawn_at.is_(None), *_of(tag_ids)
    alone = (
        select(*columns, literal(value=False))
        .select_from(Tagging)
        .join(Region, Region.id == Tagging.region_id)
    )
    together = (
        select(*columns, literal(value=True))
        .select_from(Tagging)
        .join(TaggedRegion, TaggedRegion.tagging_id == Tagging.id)
        .join(Region, Region.id == TaggedRegion.region_id)
    )
    with_names = (each.join(Tag, Tag.id == Tagging.tag_id) for each in (alone, together))
    rows = session().execute(union_all(*(each.where(*standing) for each in with_names)))
    found = rows.tuples().all()
    rejected = tag_checks.rejected({row[3] for row in found if row[5]})
    kept = [row[:3] for row in found if row[1] not in rejected.get(row[3], {})]
    return np.array(kept, np.int64).reshape(-1, 3), {row[0]: row[4] for row in found}


def tag_ids(condition: ColumnElement[bool]) -> list[int]:
    """The tags of the taxonomy that a condition on `Tag` holds for."""
    return list(session().scalars(select(Tag.id).where(condition, Tag.withdrawn_at.is_(None))))


def bearers(store: ColumnStore, tags: Sequence[int]) -> NDArray[np.bool_]:
    """The images of a version that bear one of these tags, one entry an image."""
    rows = np.zeros(store.count, np.bool_)
    if tags:
        for found in tagged_groups(store, tags).values():
            rows[found.rows] = True
    return rows


def _of(tag_ids: Sequence[int] | None) -> tuple[ColumnElement[bool], ...]:
    return () if tag_ids is None else (Tagging.tag_id.in_(tag_ids),)


def _union(parts: Sequence[Ids]) -> Ids:
    return np.unique(np.concatenate(parts)) if parts else _NONE
