"""The representation overview: the cells of one level and window of a version's layout."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import Row, select

from workbench.analysis.layout.cells import COLUMNS, ROWS
from workbench.services.errors import InvalidError
from workbench.services.explore.columns import Columns, Rows
from workbench.services.explore.filters import (
    Chosen,
    Filters,
    Lasso,
    Selection,
    check_level,
    choose,
    find_cell,
    in_cell,
    severities,
)
from workbench.services.review.pattern_names import default_label, pattern_labels
from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import Cell, Pattern, PixelGroup

MOST_GLYPHS = 600
SPREAD_AT_A_TIME = 50_000
NAMED = 3
"""How many tags and patterns a cell's card names."""


@dataclass(frozen=True)
class Window:
    """A part of a level's grid, in that level's cells."""

    column: int
    row: int
    columns: int
    rows: int


@dataclass(frozen=True)
class CellView:
    """A cell as its glyph shows it: of its images, those that pass the filters.

    `severity` is 1 (surely real) to 5 (surely fake).
    """

    id: int
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
    """In logits, over the `measured` ones of its images; None where none was measured."""
    sensitivity_share: float | None
    """Of the largest one of its level, in [0, 1]."""
    measured: int
    exemplar_id: int
    whole: int
    """How many images lie in it, whether they pass the filters or not."""
    lit: int = 0
    """How many of those counted are selected by a pattern or a lasso."""

    @property
    def images(self) -> int:
        """How many images are counted."""
        return self.real_right + self.real_called_fake + self.fake_right + self.fake_called_real

    @property
    def errors(self) -> int:
        """How many of them the model gets wrong."""
        return self.real_called_fake + self.fake_called_real


@dataclass(frozen=True)
class Overview:
    """The cells of one level and window."""

    level: int
    levels: int
    columns: int
    rows: int
    window: Window
    cells: tuple[CellView, ...]
    images: int
    """How many of the window's images pass the filters."""
    whole: int
    """How many lie in the window."""


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


@dataclass(frozen=True)
class Lassoed:
    """What a lasso takes, before anything is done with it."""

    cells: int
    images: int
    errors: int
    real: int
    fake: int


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


def overview(chosen: Chosen, level: int, window: Window | None) -> Overview:
    """The cells to draw: at most 600, whatever the collection's size.

    Every cell of the window is there, also those of which no image passes the filters. Raises
    InvalidError for a level that the layout does not have, or a window outside of it or too large.
    """
    columns = chosen.columns
    check_level(columns, level)
    width, height = COLUMNS << level, ROWS << level
    window = window or _default_window(level)
    _check_window(window, width, height)
    # Rows, not objects: several hundred of these would cost more than all else of the query.
    stored = session().execute(
        select(*_STORED)
        .where(
            Cell.version_id == columns.version_id,
            Cell.level == level,
            Cell.column.between(window.column, window.column + window.columns - 1),
            Cell.row.between(window.row, window.row + window.rows - 1),
        )
        .order_by(Cell.row, Cell.column)
        .limit(MOST_GLYPHS)
    )
    views = [_stored_view(each, columns) for each in stored.all()]
    if chosen.selection.filters.any:
        views = _recounted(views, chosen.columns, chosen.filtered, level, window)
    views = _lit(views, chosen, level, window)
    return Overview(
        level=level,
        levels=columns.levels,
        columns=width,
        rows=height,
        window=window,
        cells=tuple(views),
        images=sum(each.images for each in views),
        whole=sum(each.whole for each in views),
    )


_STORED = (
    Cell.id,
    Cell.level,
    Cell.row,
    Cell.column,
    Cell.real_right,
    Cell.real_called_fake,
    Cell.fake_right,
    Cell.fake_called_real,
    Cell.mean_p,
    Cell.sensitivity,
    Cell.measured,
    Cell.exemplar_id,
)


def _default_window(level: int) -> Window:
    """The whole of level 0, else a middle part."""
    columns, rows = COLUMNS << level, ROWS << level
    return Window((columns - COLUMNS) // 2, (rows - ROWS) // 2, COLUMNS, ROWS)


def _check_window(window: Window, columns: int, rows: int) -> None:
    inside = (
        0 <= window.column < columns
        and 0 <= window.row < rows
        and 0 < window.columns <= columns - window.column
        and 0 < window.rows <= rows - window.row
    )
    if not inside:
        raise InvalidError(gettext("This window lies outside of the layout."))
    if window.columns * window.rows > MOST_GLYPHS:
        raise InvalidError(
            gettext(
                "A window holds at most %(cells)s cells; choose a smaller one.", cells=MOST_GLYPHS
            )
        )


def _stored_view(cell: Cell | Row[Any], columns: Columns) -> CellView:
    return CellView(
        id=cell.id,
        level=cell.level,
        row=cell.row,
        column=cell.column,
        real_right=cell.real_right,
        real_called_fake=cell.real_called_fake,
        fake_right=cell.fake_right,
        fake_called_real=cell.fake_called_real,
        mean_p=cell.mean_p,
        severity=_severity(cell.mean_p),
        sensitivity=cell.sensitivity,
        sensitivity_share=_share(cell.sensitivity, cell.level, columns),
        measured=cell.measured,
        exemplar_id=cell.exemplar_id,
        whole=cell.real_right + cell.real_called_fake + cell.fake_right + cell.fake_called_real,
    )


def _severity(mean_p: float) -> int:
    return int(severities(np.array(mean_p)))


def _share(sensitivity: float | None, level: int, columns: Columns) -> float | None:
    """Of the level's largest; a part of a cell may exceed it, and is cut."""
    if sensitivity is None:
        return None
    return min(1.0, sensitivity / (columns.largest_sensitivity[level] or 1.0))


def _recounted(
    views: list[CellView], columns: Columns, rows: Rows, level: int, window: Window
) -> list[CellView]:
    """The same cells, with only the images that a mask lets through."""
    inside = np.flatnonzero(
        rows & columns.within(level, window.column, window.row, window.columns, window.rows)
    )
    squares = _window_squares(columns, inside, level, window)
    counts = _counted(columns, inside, squares, window.columns * window.rows)
    places = [
        (view.row - window.row) * window.columns + view.column - window.column for view in views
    ]
    passing = rows[columns.rows_of(np.array([view.exemplar_id for view in views], np.int64))]
    wanted = np.zeros(window.columns * window.rows, np.bool_)
    wanted[places] = ~passing
    wanted &= counts.outcomes.sum(axis=1) > 0
    exemplars = _exemplars(columns, rows, level, window, wanted)
    return [
        _with_counts(
            view,
            counts,
            square,
            view.exemplar_id if kept else int(exemplars[square]) or view.exemplar_id,
            columns,
        )
        for view, square, kept in zip(views, places, passing, strict=True)
    ]


def _window_squares(
    columns: Columns, rows: NDArray[np.integer[Any]], level: int, window: Window
) -> NDArray[np.int64]:
    """The square of the window that each of these images lies in."""
    width = COLUMNS << level
    row, column = np.divmod(columns.squares_at(rows, level), width)
    squares: NDArray[np.int64] = (row - window.row) * window.columns + column - window.column
    return squares


def _counted(
    columns: Columns, rows: NDArray[np.int64], squares: NDArray[np.int64], size: int
) -> _Counts:
    sensitivity = columns.sensitivity[rows]
    measured = ~np.isnan(sensitivity)
    return _Counts(
        outcomes=np.bincount(squares * 4 + columns.outcomes[rows], minlength=4 * size).reshape(
            size, 4
        ),
        p=_sums(squares, columns.p[rows], size),
        sensitivity=_sums(squares[measured], sensitivity[measured], size),
        measured=np.bincount(squares[measured], minlength=size),
    )


def _sums(
    squares: NDArray[np.int64], values: NDArray[np.float32], size: int
) -> NDArray[np.float64]:
    return np.bincount(squares, weights=values, minlength=size).astype(np.float64)


def _exemplars(
    columns: Columns, rows: Rows, level: int, window: Window, wanted: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """For each wanted square of the window, an image of a mask; 0 for the others."""
    found = np.zeros(window.columns * window.rows, np.int64)
    inside = rows & columns.within(level, window.column, window.row, window.columns, window.rows)
    # Every beginning of the order is spread over the layout: mostly a short one is enough.
    for start in range(0, columns.count, SPREAD_AT_A_TIME):
        if not (wanted & (found == 0)).any():
            break
        some = columns.order_diverse[start : start + SPREAD_AT_A_TIME]
        some = some[inside[some]]
        squares, first = np.unique(_window_squares(columns, some, level, window), return_index=True)
        new = found[squares] == 0
        found[squares[new]] = columns.image_ids[some[first[new]]]
    return found


def _with_counts(
    view: CellView, counts: _Counts, square: int, exemplar: int, columns: Columns
) -> CellView:
    outcomes = [int(each) for each in counts.outcomes[square]]
    images, measured = sum(outcomes), int(counts.measured[square])
    mean_p = float(counts.p[square]) / images if images else 0.0
    sensitivity = float(counts.sensitivity[square]) / measured if measured else None
    return CellView(
        id=view.id,
        level=view.level,
        row=view.row,
        column=view.column,
        real_right=outcomes[0],
        real_called_fake=outcomes[1],
        fake_right=outcomes[2],
        fake_called_real=outcomes[3],
        mean_p=mean_p,
        severity=_severity(mean_p),
        sensitivity=sensitivity,
        sensitivity_share=_share(sensitivity, view.level, columns),
        measured=measured,
        exemplar_id=exemplar,
        whole=view.whole,
    )


def _lit(views: list[CellView], chosen: Chosen, level: int, window: Window) -> list[CellView]:
    """Mark the cells that hold what a pattern or a lasso selects."""
    selection = chosen.selection
    if selection.pattern_id is None and selection.lasso is None:
        return views
    columns = chosen.columns
    inside = np.flatnonzero(
        chosen.selected
        & columns.within(level, window.column, window.row, window.columns, window.rows)
    )
    squares = _window_squares(columns, inside, level, window)
    lit = np.bincount(squares, minlength=window.columns * window.rows)
    return [
        replace(
            view,
            lit=int(lit[(view.row - window.row) * window.columns + view.column - window.column]),
        )
        for view in views
    ]


def cell(version_id: int, cell_id: int, filters: Filters) -> CellDetail:
    """A cell from near, of its images that pass the filters. Raises NotFoundError."""
    return detail_of(choose(version_id, Selection(filters=filters)), cell_id)


def detail_of(chosen: Chosen, cell_id: int) -> CellDetail:
    """A cell with its most frequent tags and patterns, of the images that pass the filters."""
    found = find_cell(chosen.columns.version_id, cell_id)
    columns = chosen.columns
    view = _stored_view(found, columns)
    rows = chosen.filtered & in_cell(columns, found)
    if chosen.selection.filters.any:
        view = _recounted(
            [view], columns, rows, found.level, Window(found.column, found.row, 1, 1)
        )[0]
    patterns = _pattern_counts(columns, rows)
    return CellDetail(
        cell=view,
        top_tags=_top_tags(columns, rows, patterns),
        top_patterns=_top_patterns(columns, patterns),
    )


def _pattern_counts(columns: Columns, rows: Rows) -> NDArray[np.int64]:
    """How many of the images have each pattern."""
    return np.diff(columns.entries_of(rows).searchsorted(columns.pattern_starts))


def _top_patterns(columns: Columns, counts: NDArray[np.int64]) -> tuple[PatternName, ...]:
    top = [int(each) for each in np.argsort(-counts, kind="stable")[:NAMED] if counts[each]]
    ids = [int(columns.pattern_ids[each]) for each in top]
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
    columns: Columns, rows: Rows, counts: NDArray[np.int64]
) -> tuple[tuple[str, int], ...]:
    """The tags on most of the images, by hand or by pattern."""
    found: defaultdict[str, list[NDArray[np.integer[Any]]]] = defaultdict(list)
    present = {int(columns.pattern_ids[each]): int(each) for each in np.flatnonzero(counts)}
    by_pattern = session().execute(
        select(Tag.name, Tagging.pattern_id)
        .join(Tagging)
        .where(Tagging.pattern_id.in_(present), Tagging.withdrawn_at.is_(None))
    )
    for name, pattern_id in by_pattern:
        members = columns.member_rows[columns.members(present[pattern_id or 0])]
        found[name].append(members[rows[members]])
    ids = columns.image_ids[rows]
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
            its_rows = columns.rows_of(np.array(image_ids))
            found[name].append(its_rows[rows[its_rows]])
    tags = {name: len(np.unique(np.concatenate(parts))) for name, parts in found.items()}
    most = sorted(tags.items(), key=lambda tag: (-tag[1], tag[0]))[:NAMED]
    return tuple((name, images) for name, images in most if images)


def lassoed(version_id: int, filters: Filters, lasso: Lasso) -> Lassoed:
    """Count what a lasso takes of the images that pass the filters. Raises InvalidError."""
    chosen = choose(version_id, Selection(filters=filters, lasso=lasso))
    columns = chosen.columns
    rows = np.flatnonzero(chosen.area)
    outcomes = np.bincount(columns.outcomes[rows], minlength=4)
    return Lassoed(
        cells=len(np.unique(columns.squares_at(rows, lasso.level))),
        images=len(rows),
        errors=int(outcomes[1] + outcomes[3]),
        real=int(outcomes[0] + outcomes[1]),
        fake=int(outcomes[2] + outcomes[3]),
    )
