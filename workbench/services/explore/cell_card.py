"""One cell from near: its counts, its most frequent tags and patterns."""

from __future__ import annotations

from dataclasses import dataclass

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
from workbench.services.tagged.groups import tagged_groups
from workbench.services.tagged.pattern_tags import default_label, pattern_labels
from workbench.store.database import session
from workbench.store.results import Pattern

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
        top_tags=_top_tags(store, rows),
        top_patterns=_top_patterns(store, patterns),
    )


def _pattern_counts(store: ColumnStore, rows: Rows) -> NDArray[np.int64]:
    """How many of the images have each pattern."""
    return np.diff(store.entries_of(rows).searchsorted(store.pattern_starts))


def _top_patterns(store: ColumnStore, counts: NDArray[np.int64]) -> tuple[PatternName, ...]:
    top = [int(each) for each in np.argsort(-counts, kind="stable")[:NAMED] if counts[each]]
    ids = [int(store.pattern_ids[each]) for each in top]
    labels = pattern_labels(store.version_id, ids)
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


def _top_tags(store: ColumnStore, rows: Rows) -> tuple[tuple[str, int], ...]:
    """The tags on most of the images."""
    tags = [(each.tag, int(rows[each.rows].sum())) for each in tagged_groups(store).values()]
    most = sorted(tags, key=lambda tag: (-tag[1], tag[0]))[:NAMED]
    return tuple((tag, images) for tag, images in most if images)
