"""The pixel groups and images of a version that bear each tag, whichever version it was put on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from workbench.services.columns.store import ColumnStore
from workbench.services.review import tag_checks
from workbench.services.review.tags import TaggingView, view_of
from workbench.services.tagged.covering import Subject, covered_by, covering_each, without
from workbench.store.database import session
from workbench.store.judgements import Tag, TagCheck, Tagging
from workbench.store.regions import Region
from workbench.store.results import Pattern
from workbench.store.versions import ModelVersion

Ids = NDArray[np.int64]
Named = tuple[str, int | None, str]
"""A tag's name, hue and state."""
_NONE: Ids = np.empty(0, np.int64)


@dataclass(frozen=True)
class TaggedGroups:
    """What bears a tag under a version.

    groups: pixel groups, as indexes of the version's columns, ascending.
    rows: images, as rows, ascending: also those whose region the version has no group on.
    hue, state: of the tag.
    """

    tag: str
    groups: Ids
    rows: Ids
    hue: int | None = None
    state: str = "active"


@dataclass(frozen=True)
class OnMany:
    """A standing tag that was put on many regions at once, and what it covers under a version.

    pattern_id: the pattern that it was put on; None where the regions were selected, or are left
        of a version that was removed.
    version: the number of the pattern's version, where that is another one.
    own: whether it is a pattern of the very version that is shown.
    regions: all that it was put on, but for the `rejected` ones.
    """

    view: TaggingView
    pattern_id: int | None
    version: int | None
    own: bool
    regions: Ids
    rejected: Ids
    groups: Ids
    rows: Ids


def tagged_groups(
    store: ColumnStore,
    tag_ids: Sequence[int] | None = None,
    standing: Sequence[OnMany] | None = None,
) -> dict[int, TaggedGroups]:
    """What bears these tags, or any tag, by tag; without tags that nothing bears.

    `standing` are the tags on many regions, where they were asked for already.
    Five queries at most, and for each of these one more, the first time.
    """
    groups: defaultdict[int, list[Ids]] = defaultdict(list)
    rows: defaultdict[int, list[Ids]] = defaultdict(list)
    named: dict[int, Named] = {}
    for each in on_many(store, tag_ids) if standing is None else standing:
        named[each.view.tag_id] = each.view.tag, each.view.hue, each.view.state
        groups[each.view.tag_id].append(each.groups)
        rows[each.view.tag_id].append(each.rows)
    on_regions, their_names = _on_regions(tag_ids)
    named |= their_names
    on_regions = on_regions[store.has_images(on_regions[:, 2])]
    tags, regions, image_ids = on_regions.T
    at, covering = covering_each(store, regions)
    for tag_id, part in _by_tag(tags[at], covering):
        groups[tag_id].append(part)
    for tag_id, part in _by_tag(tags, store.rows_of(image_ids)):
        rows[tag_id].append(part)
    return {
        tag_id: _tagged(named[tag_id], _union(groups[tag_id]), _union(some))
        for tag_id, some in rows.items()
    }


def _tagged(named: Named, groups: Ids, rows: Ids) -> TaggedGroups:
    name, hue, state = named
    return TaggedGroups(name, groups, rows, hue, state)


def _by_tag(tags: Ids, values: Ids) -> Iterator[tuple[int, Ids]]:
    order = np.argsort(tags, kind="stable")
    found, starts = np.unique(tags[order], return_index=True)
    for tag_id, part in zip(found, np.split(values[order], starts[1:]), strict=False):
        yield int(tag_id), part


def on_many(store: ColumnStore, tag_ids: Sequence[int] | None = None) -> list[OnMany]:
    """The standing tags on patterns of the collection's versions and on selections, oldest first.

    Two queries, and for each pattern of another version and each selection one more, the first
    time.
    """
    standing = session().execute(
        select(Tagging, ModelVersion.id, ModelVersion.number)
        .outerjoin(Pattern, Pattern.id == Tagging.pattern_id)
        .outerjoin(ModelVersion, ModelVersion.id == Pattern.version_id)
        .options(joinedload(Tagging.tag), joinedload(Tagging.user))
        .where(
            Tagging.withdrawn_at.is_(None),
            Tagging.region_id.is_(None),
            or_(
                Tagging.pattern_id.is_(None),
                ModelVersion.collection_id == store.collection_id,
            ),
            *_of(tag_ids),
        )
        .order_by(Tagging.id)
    )
    found = standing.tuples().all()
    asked = TagCheck.tagging_id.in_([tagging.id for tagging, *_ in found])
    rejected = tag_checks.rejected(asked) if found else {}
    many = [
        _on_many(store, tagging, version_id, number, rejected.get(tagging.id, set()))
        for tagging, version_id, number in found
    ]
    # A selection says only by its images which collection it is of.
    return [each for each in many if each.own or len(each.rows)]


def _on_many(
    store: ColumnStore,
    tagging: Tagging,
    version_id: int | None,
    number: int | None,
    rejected: set[int],
) -> OnMany:
    own = version_id == store.version_id
    off = np.array(sorted(rejected), np.int64)
    if own and tagging.pattern_id is not None:
        groups = store.groups_of(store.pattern_index(tagging.pattern_id))
        groups = np.setdiff1d(groups, store.groups_on(off))
        regions = store.pixel_group_regions[groups]
        rows = np.unique(store.pixel_group_rows[groups]).astype(np.int64)
    else:
        covered = covered_by(store, Subject(tagging.pattern_id, tagging.id))
        if len(off):
            covered = without(store, covered, off)
        regions, groups, rows = covered.regions, covered.groups, covered.rows
    return OnMany(
        view_of(tagging),
        tagging.pattern_id,
        None if own else number,
        own,
        regions,
        off,
        groups,
        rows,
    )


def tagged_regions(
    standing: Sequence[OnMany], tag_ids: Sequence[int] | None = None
) -> tuple[Ids, Ids]:
    """These tags, or every tag, with every region that each was put on.

    By these acts on many, and one by one.
    """
    table, _names = _on_regions(tag_ids)
    tags = [np.full(len(each.regions), each.view.tag_id) for each in standing]
    return (
        np.concatenate([table[:, 0], *tags]),
        np.concatenate([table[:, 1], *(each.regions for each in standing)]),
    )


def _on_regions(tag_ids: Sequence[int] | None) -> tuple[Ids, dict[int, Named]]:
    """Tag, region and image of what tags were put on one by one, and how the tags are shown."""
    found = session().execute(
        select(Tag.id, Region.id, Region.image_id, Tag.name, Tag.hue, Tag.state)
        .select_from(Tagging)
        .join(Region, Region.id == Tagging.region_id)
        .join(Tag, Tag.id == Tagging.tag_id)
        .where(Tagging.withdrawn_at.is_(None), *_of(tag_ids))
    )
    rows = found.tuples().all()
    table = np.array([row[:3] for row in rows], np.int64).reshape(-1, 3)
    return table, {row[0]: row[3:] for row in rows}


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
