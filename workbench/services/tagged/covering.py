"""Which pixel groups of a version lie on a region: half of their area or more.

Worked out on arrays, once for a version: regions never change (ADR 56).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.analysis.regions.overlap import LIES_ON
from workbench.services.columns.store import ColumnStore
from workbench.store.database import session
from workbench.store.freshness import rows_added
from workbench.store.judgements import TaggedRegion
from workbench.store.regions import Region, RegionOverlap
from workbench.store.results import PixelGroup

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class _Overlaps:
    """Pixel groups, as indexes, with the other regions that they overlap, a pair an entry."""

    newest: tuple[int, int]
    """What `rows_added` said of regions at that time."""
    others: Ids
    groups: Ids
    shares: NDArray[np.float64]
    """Of the group's area that lies in the other region."""


@dataclass(frozen=True)
class Subject:
    """What a tag was put on at once: a pattern, or the regions listed for a tagging."""

    pattern_id: int | None
    """None for listed regions."""
    tagging_id: int


@dataclass(frozen=True)
class Covered:
    """The regions of what was tagged at once, and what of a version lies on them.

    regions: their ids. image_ids: the image of each.
    groups: pixel groups, as indexes, ascending. rows: images, as rows, ascending.
    """

    regions: Ids
    image_ids: Ids
    groups: Ids
    rows: Ids


_OVERLAPS: WeakKeyDictionary[ColumnStore, _Overlaps] = WeakKeyDictionary()
_COVERED: WeakKeyDictionary[ColumnStore, dict[Subject, Covered]] = WeakKeyDictionary()


def groups_covering(store: ColumnStore, regions: Ids) -> Ids:
    """The version's pixel groups that lie where these regions are, as indexes, ascending."""
    return np.unique(covering_each(store, regions)[1])


def covering_each(store: ColumnStore, regions: Ids) -> tuple[Ids, Ids]:
    """The same for each of them: which of `regions` a pixel group lies on, and the group."""
    same = store.groups_on(regions)
    others, groups = store.pixel_group_regions[same], same
    # A version's own groups lie beside each other: a region of one overlaps no other.
    elsewhere = np.setdiff1d(regions, others)
    if len(elsewhere):
        overlaps = _overlaps(store)
        near = np.isin(overlaps.others, elsewhere) & (overlaps.shares >= LIES_ON)
        others = np.concatenate([others, overlaps.others[near]])
        groups = np.concatenate([groups, overlaps.groups[near]])
    asked, found = _matches(others, regions)
    return asked, groups[found]


def overlapping_each(store: ColumnStore, regions: Ids) -> tuple[Ids, Ids, NDArray[np.float64]]:
    """The pixel groups that each of these regions overlaps noticeably, but is not the region of.

    Which of `regions`, the group as an index, and the share of the group that lies in the region.
    """
    overlaps = _overlaps(store)
    asked, found = _matches(overlaps.others, regions)
    return asked, overlaps.groups[found], overlaps.shares[found]


def _matches(values: Ids, asked: Ids) -> tuple[Ids, Ids]:
    """All pairs of equal ids: indexes into `asked`, ascending, and into `values`."""
    order = np.argsort(values, kind="stable")
    first = np.searchsorted(values, asked, side="left", sorter=order)
    counts = np.searchsorted(values, asked, side="right", sorter=order) - first
    at = np.repeat(np.arange(len(asked)), counts)
    within = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
    return at, order[np.repeat(first, counts) + within]


def covered_by(store: ColumnStore, subject: Subject) -> Covered:
    """The same of all that a tag was put on at once, with the images that it is on.

    Two queries the first time, none after it.
    """
    known = _COVERED.setdefault(store, {})
    if subject not in known:
        known[subject] = _covered(store, *_regions_of(subject))
    return known[subject]


def without(store: ColumnStore, covered: Covered, off: Ids) -> Covered:
    """What is left where some regions are not tagged: nor are the pixel groups right on them."""
    fits = ~np.isin(covered.regions, off)
    left = _covered(store, covered.regions[fits], covered.image_ids[fits])
    return replace(left, groups=np.setdiff1d(left.groups, store.groups_on(off)))


def _covered(store: ColumnStore, regions: Ids, image_ids: Ids) -> Covered:
    here = store.has_images(image_ids)
    regions, image_ids = regions[here], image_ids[here]
    rows = np.unique(store.rows_of(image_ids)).astype(np.int64)
    return Covered(regions, image_ids, groups_covering(store, regions), rows)


def _regions_of(subject: Subject) -> tuple[Ids, Ids]:
    if subject.pattern_id is not None:
        query = select(PixelGroup.region_id, PixelGroup.image_id).where(
            PixelGroup.pattern_id == subject.pattern_id
        )
    else:
        query = (
            select(Region.id, Region.image_id)
            .join(TaggedRegion, TaggedRegion.region_id == Region.id)
            .where(TaggedRegion.tagging_id == subject.tagging_id)
        )
    rows = [tuple(row) for row in session().execute(query)]
    table = np.array(rows, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _overlaps(store: ColumnStore) -> _Overlaps:
    """Read again once there are new regions: a later version, or people, may have added some."""
    newest = rows_added(Region.id)
    known = _OVERLAPS.get(store)
    if known is None or known.newest != newest:
        found = session().execute(
            select(RegionOverlap.other_id, RegionOverlap.region_id, RegionOverlap.share)
            .join(PixelGroup, PixelGroup.region_id == RegionOverlap.region_id)
            .where(PixelGroup.version_id == store.version_id)
        )
        table = np.array([tuple(row) for row in found], np.float64).reshape(-1, 3)
        others, regions = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
        # Of a version whose columns are older than a removal some may be gone.
        at = np.searchsorted(store.pixel_group_regions, regions)
        there = at < len(store.pixel_group_regions)
        there[there] = store.pixel_group_regions[at[there]] == regions[there]
        known = _Overlaps(newest, others[there], at[there], table[there, 2])
        _OVERLAPS[store] = known
    return known
