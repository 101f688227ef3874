"""One cell from near: its counts, its most frequent tags and patterns."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.explore.cells import CellView, Window, recounted, stored_view
from workbench.services.explore.filters import (
    Chosen,
    Filters,
    Selection,
    choose,
)
from workbench.services.explore.layout import find_cell, in_cell
from workbench.services.explore.tag_bearers import inheriting
from workbench.services.review import tag_checks
from workbench.services.review.pattern_names import default_label, pattern_labels
from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import Pattern, PixelGroup

NAMED = 3
"""How many tags and patterns a cell's card names."""


@dataclass(frozen=True)
class PatternName:
    """A pattern in a cell, and how many of the cell's images have it."""

    id: int
    label: str
    images: int


@dataclass(frozen=True)
class CellDetail:
    """A cell from near."""

    cell: CellView
    top_tags: tuple[tuple[str, int], ...]
    top_patterns: tuple[PatternName, ...]


def cell(version_id: int, cell_id: int, filters: Filters) -> CellDetail:
    """A cell from near, of its images that pass the filters. Raises NotFoundError."""
    return detail_of(choose(version_id, Selection(filters=filters)), cell_id)


def detail_of(chosen: Chosen, cell_id: int) -> CellDetail:
    """A cell with its most frequent tags and patterns, of the images that pass the filters."""
    found = find_cell(chosen.store.version_id, cell_id)
    store = chosen.store
    view = stored_view(found, store)
    rows = chosen.filtered & in_cell(store, found)
    if chosen.selection.filters.any:
        layout = store.layout(found.layout)
        only = Window(found.column, found.row, 1, 1)
        view = recounted([view], store, layout, rows, found.level, only)[0]
    patterns = _pattern_counts(store, rows)
    return CellDetail(
        cell=view,
        top_tags=_top_tags(store, rows, patterns),
        top_patterns=_top_patterns(store, patterns),
    )


def _pattern_counts(store: ColumnStore, rows: Rows) -> NDArray[np.int64]:
    """How many of the images have each pattern."""
    return np.diff(store.entries_of(rows).searchsorted(store.pattern_starts))


def _top_patterns(store: ColumnStore, counts: NDArray[np.int64]) -> tuple[PatternName, ...]:
    top = [int(each) for each in np.argsort(-counts, kind="stable")[:NAMED] if counts[each]]
    ids = [int(store.pattern_ids[each]) for each in top]
    labels = pattern_labels(ids)
    numbers = dict(
        session()
        .execute(select(Pattern.id, Pattern.number).where(Pattern.id.in_(ids)))
        .tuples()
        .all()
    )
    return tuple(
        PatternName(each, labels.get(each, default_label(numbers[each])), int(counts[index]))
        for each, index in zip(ids, top, strict=True)
    )


def _top_tags(
    store: ColumnStore, rows: Rows, counts: NDArray[np.int64]
) -> tuple[tuple[str, int], ...]:
    """The tags on most of the images, by hand or by pattern."""
    found: defaultdict[str, list[NDArray[np.integer[Any]]]] = defaultdict(list)
    present = {int(store.pattern_ids[each]): int(each) for each in np.flatnonzero(counts)}
    by_pattern = (
        session()
        .execute(
            select(Tag.name, Tagging.pattern_id, Tagging.id)
            .join(Tagging)
            .where(Tagging.pattern_id.in_(present), Tagging.withdrawn_at.is_(None))
        )
        .all()
    )
    rejected = tag_checks.rejected(tagging_id for *_, tagging_id in by_pattern)
    for name, pattern_id, tagging_id in by_pattern:
        members = inheriting(store, present[pattern_id or 0], rejected.get(tagging_id, {}))
        found[name].append(members[rows[members]])
    ids = store.image_ids[rows]
    if len(ids):
        by_hand = session().execute(
            select(Tag.name, PixelGroup.image_id)
            .join(Tagging, Tagging.tag_id == Tag.id)
            .join(PixelGroup, PixelGroup.id == Tagging.pixel_group_id)
            .where(
                Tagging.withdrawn_at.is_(None),
                PixelGroup.image_id.between(int(ids[0]), int(ids[-1])),
            )
        )
        tagged: defaultdict[str, list[int]] = defaultdict(list)
        for name, image_id in by_hand:
            tagged[name].append(image_id)
        for name, image_ids in tagged.items():
            its_rows = store.rows_of(np.array(image_ids))
            found[name].append(its_rows[rows[its_rows]])
    tags = {name: len(np.unique(np.concatenate(parts))) for name, parts in found.items()}
    most = sorted(tags.items(), key=lambda tag: (-tag[1], tag[0]))[:NAMED]
    return tuple((name, images) for name, images in most if images)
