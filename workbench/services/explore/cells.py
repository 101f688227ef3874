"""Cells as their glyphs show them, counted over the images that a mask lets through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row

from workbench.analysis.layout.cells import grid_size
from workbench.services.columns.layouts import LayoutColumns
from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.explore.filters import (
    severities,
)
from workbench.store.outcomes import OUTCOMES
from workbench.store.results import Cell

IMAGES_AT_A_TIME = 50_000
AnyIndex = TypeVar("AnyIndex", int, NDArray[np.int64])


@dataclass(frozen=True)
class Window:
    """A part of a level's grid, in that level's cells."""

    column: int
    row: int
    columns: int
    rows: int

    @property
    def size(self) -> int:
        """How many squares it has."""
        return self.columns * self.rows

    def square_of(self, row: AnyIndex, column: AnyIndex) -> AnyIndex:
        """The number of one of its squares, counted row by row, from its row and column."""
        return (row - self.row) * self.columns + column - self.column


@dataclass(frozen=True)
class CellView:
    """A cell as its glyph shows it: of its images, those that pass the filters.

    `severity` is 1 (surely real) to 5 (surely fake).
    """

    id: int
    layout: str
    level: int
    row: int
    column: int
    real_right: int
    real_called_fake: int
    fake_right: int
    fake_called_real: int
    mean_p: float
    severity: int
    sensitivity: float | None
    """Mean of the `measured` ones of its images, in logits; None where none was measured."""
    sensitivity_share: float | None
    """Of the largest magnitude of its level, in [-1, 1]."""
    measured: int
    exemplar_id: int
    whole: int
    """How many images lie in it, whether they pass the filters or not."""
    lit: int = 0
    """How many of those counted are selected by a pattern or a lasso."""
    unlabelled_called_real: int = 0
    unlabelled_called_fake: int = 0

    @property
    def images(self) -> int:
        """How many images are counted."""
        labelled = self.real_right + self.real_called_fake + self.fake_right + self.fake_called_real
        return labelled + self.unlabelled

    @property
    def unlabelled(self) -> int:
        """How many of them have no label."""
        return self.unlabelled_called_real + self.unlabelled_called_fake

    @property
    def errors(self) -> int:
        """How many of them the model gets wrong."""
        return self.real_called_fake + self.fake_called_real


@dataclass(frozen=True)
class _Counts:
    """Counts by square of a level's grid, of the images that a mask lets through."""

    outcomes: NDArray[np.int64]
    """(square, 4)."""
    p: NDArray[np.float64]
    """Sum over the square."""
    sensitivity: NDArray[np.float64]
    """Sum over the `measured`."""
    measured: NDArray[np.int64]


STORED = (
    Cell.id,
    Cell.layout,
    Cell.level,
    Cell.row,
    Cell.column,
    Cell.real_right,
    Cell.real_called_fake,
    Cell.fake_right,
    Cell.fake_called_real,
    Cell.unlabelled_called_real,
    Cell.unlabelled_called_fake,
    Cell.mean_p,
    Cell.sensitivity,
    Cell.measured,
    Cell.exemplar_id,
)


def stored_view(cell: Cell | Row[Any], store: ColumnStore) -> CellView:
    """A cell with the counts of all its images, as the run stored them."""
    counts = {name: getattr(cell, name) for name in OUTCOMES}
    return CellView(
        id=cell.id,
        layout=cell.layout,
        level=cell.level,
        row=cell.row,
        column=cell.column,
        **counts,
        mean_p=cell.mean_p,
        severity=_severity(cell.mean_p),
        sensitivity=cell.sensitivity,
        sensitivity_share=_share(cell.sensitivity, cell.level, store.layout(cell.layout)),
        measured=cell.measured,
        exemplar_id=cell.exemplar_id,
        whole=sum(counts.values()),
    )


def _severity(mean_p: float) -> int:
    return int(severities(np.array(mean_p)))


def _share(sensitivity: float | None, level: int, layout: LayoutColumns) -> float | None:
    """Of the level's largest magnitude; a part of a cell may exceed it, and is cut."""
    if sensitivity is None:
        return None
    share = sensitivity / (layout.largest_sensitivity[level] or 1.0)
    return max(-1.0, min(1.0, share))


def recounted(
    views: list[CellView],
    store: ColumnStore,
    layout: LayoutColumns,
    rows: Rows,
    level: int,
    window: Window,
) -> list[CellView]:
    """The same cells of a layout, with only the images that a mask lets through."""
    inside = np.flatnonzero(rows & _within(layout, level, window))
    squares = window_squares(layout, inside, level, window)
    counts = _counted(store, inside, squares, window.size)
    own = [window.square_of(view.row, view.column) for view in views]
    passing = rows[store.rows_of(np.array([view.exemplar_id for view in views], np.int64))]
    wanted = np.zeros(window.size, np.bool_)
    wanted[own] = ~passing
    wanted &= counts.outcomes.sum(axis=1) > 0
    exemplars = _exemplars(store, layout, rows, level, window, wanted)
    return [
        _with_counts(
            view,
            counts,
            square,
            view.exemplar_id if kept else int(exemplars[square]) or view.exemplar_id,
            layout,
        )
        for view, square, kept in zip(views, own, passing, strict=True)
    ]


def _within(layout: LayoutColumns, level: int, window: Window) -> Rows:
    return layout.within(level, window.column, window.row, window.columns, window.rows)


def window_squares(
    layout: LayoutColumns, rows: NDArray[np.integer[Any]], level: int, window: Window
) -> NDArray[np.int64]:
    """The square of the window that each of these images lies in."""
    row, column = np.divmod(layout.squares_at(rows, level), grid_size(level)[0])
    return window.square_of(row, column)


def _counted(
    store: ColumnStore, rows: NDArray[np.int64], squares: NDArray[np.int64], size: int
) -> _Counts:
    sensitivity = store.sensitivity[rows]
    measured = ~np.isnan(sensitivity)
    return _Counts(
        outcomes=np.bincount(
            squares * len(OUTCOMES) + store.outcomes[rows], minlength=len(OUTCOMES) * size
        ).reshape(size, len(OUTCOMES)),
        p=_sums(squares, store.p[rows], size),
        sensitivity=_sums(squares[measured], sensitivity[measured], size),
        measured=np.bincount(squares[measured], minlength=size),
    )


def _sums(
    squares: NDArray[np.int64], values: NDArray[np.float32], size: int
) -> NDArray[np.float64]:
    return np.bincount(squares, weights=values, minlength=size).astype(np.float64)


def _exemplars(
    store: ColumnStore,
    layout: LayoutColumns,
    rows: Rows,
    level: int,
    window: Window,
    wanted: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """For each wanted square of the window, an image of a mask; 0 for the others."""
    found = np.zeros(window.size, np.int64)
    inside = rows & _within(layout, level, window)
    # Every beginning of the order is spread over the collection: mostly a short one is enough.
    for start in range(0, store.count, IMAGES_AT_A_TIME):
        if not (wanted & (found == 0)).any():
            break
        some = store.order_diverse[start : start + IMAGES_AT_A_TIME]
        some = some[inside[some]]
        squares, first = np.unique(window_squares(layout, some, level, window), return_index=True)
        new = found[squares] == 0
        found[squares[new]] = store.image_ids[some[first[new]]]
    return found


def _with_counts(
    view: CellView, counts: _Counts, square: int, exemplar: int, layout: LayoutColumns
) -> CellView:
    images, measured = int(counts.outcomes[square].sum()), int(counts.measured[square])
    mean_p = float(counts.p[square]) / images if images else 0.0
    sensitivity = float(counts.sensitivity[square]) / measured if measured else None
    return replace(
        view,
        **dict(zip(OUTCOMES, counts.outcomes[square].tolist(), strict=True)),
        mean_p=mean_p,
        severity=_severity(mean_p),
        sensitivity=sensitivity,
        sensitivity_share=_share(sensitivity, view.level, layout),
        measured=measured,
        exemplar_id=exemplar,
    )
