"""Which pixel groups of a version lie where a region is: on it, or overlapping it by half or more.

Worked out on arrays, once for a version: regions never change (ADR 56).
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from workbench.analysis.regions.overlap import COVERS
from workbench.services.columns.store import ColumnStore
from workbench.store.database import session
from workbench.store.regions import Region, RegionOverlap
from workbench.store.results import PixelGroup

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class _Overlaps:
    """Pixel groups, as indexes, with the other regions that they overlap; by these regions."""

    newest: int
    """The newest region at that time."""
    others: Ids
    groups: Ids
    iou: NDArray[np.float64]


_OVERLAPS: WeakKeyDictionary[ColumnStore, _Overlaps] = WeakKeyDictionary()
_REGIONS: WeakKeyDictionary[ColumnStore, dict[int, tuple[Ids, Ids]]] = WeakKeyDictionary()


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
        near = np.isin(overlaps.others, elsewhere) & (overlaps.iou >= COVERS)
        others = np.concatenate([others, overlaps.others[near]])
        groups = np.concatenate([groups, overlaps.groups[near]])
    order = np.argsort(others, kind="stable")
    others, groups = others[order], groups[order]
    first = np.searchsorted(others, regions, side="left")
    counts = np.searchsorted(others, regions, side="right") - first
    asked = np.repeat(np.arange(len(regions)), counts)
    within = np.arange(len(asked)) - np.repeat(np.cumsum(counts) - counts, counts)
    return asked, groups[np.repeat(first, counts) + within]


def groups_covering_pattern(store: ColumnStore, pattern_id: int) -> tuple[Ids, Ids]:
    """The same of a pattern of another version; with the rows of its images.

    Two queries the first time, none after it.
    """
    known = _REGIONS.setdefault(store, {})
    if pattern_id not in known:
        regions, image_ids = regions_of_pattern(pattern_id)
        known[pattern_id] = groups_covering(store, regions), np.unique(store.rows_of(image_ids))
    return known[pattern_id]


def regions_of_pattern(pattern_id: int) -> tuple[Ids, Ids]:
    """The regions of a pattern's pixel groups, and the image of each."""
    found = session().execute(
        select(PixelGroup.region_id, PixelGroup.image_id).where(PixelGroup.pattern_id == pattern_id)
    )
    table = np.array([tuple(row) for row in found], np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _overlaps(store: ColumnStore) -> _Overlaps:
    """Read again once there are new regions: a later version, or people, may have added some."""
    newest = session().scalar(select(func.max(Region.id))) or 0
    known = _OVERLAPS.get(store)
    if known is None or known.newest != newest:
        found = session().execute(
            select(RegionOverlap.other_id, RegionOverlap.region_id, RegionOverlap.iou)
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
