"""The representation overview: the cells of one level and window of a version's layout."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from flask_babel import gettext
from sqlalchemy import select

from workbench.analysis.layout.cells import COLUMNS, ROWS, grid_size
from workbench.services.errors import InvalidError
from workbench.services.explore.cells import (
    STORED,
    CellView,
    Window,
    recounted,
    stored_view,
    window_squares,
)
from workbench.services.explore.filters import Chosen, Filters, Selection, choose
from workbench.services.explore.lasso import Lasso
from workbench.services.explore.layout import check_level
from workbench.store.database import session
from workbench.store.outcomes import counts_of, label_count, wrong_count
from workbench.store.results import Cell

MOST_GLYPHS = 600


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
class Lassoed:
    """What a lasso takes, before anything is done with it."""

    cells: int
    images: int
    errors: int
    real: int
    fake: int


def overview(chosen: Chosen, level: int, window: Window | None) -> Overview:
    """The cells to draw: at most 600, whatever the collection's size.

    Every cell of the window is there, also those of which no image passes the filters. Raises
    InvalidError for a level that the layout does not have, or a window outside of it or too large.
    """
    store = chosen.store
    check_level(store, level)
    width, height = grid_size(level)
    window = window or _default_window(level)
    _check_window(window, width, height)
    # Rows, not objects: several hundred of these would cost more than all else of the query.
    stored = session().execute(
        select(*STORED)
        .where(
            Cell.version_id == store.version_id,
            Cell.level == level,
            Cell.column.between(window.column, window.column + window.columns - 1),
            Cell.row.between(window.row, window.row + window.rows - 1),
        )
        .order_by(Cell.row, Cell.column)
        .limit(MOST_GLYPHS)
    )
    views = [stored_view(each, store) for each in stored.all()]
    if chosen.selection.filters.any:
        views = recounted(views, chosen.store, chosen.filtered, level, window)
    views = _lit(views, chosen, level, window)
    return Overview(
        level=level,
        levels=store.levels,
        columns=width,
        rows=height,
        window=window,
        cells=tuple(views),
        images=sum(each.images for each in views),
        whole=sum(each.whole for each in views),
    )


def _default_window(level: int) -> Window:
    """The whole of level 0, else a middle part."""
    width, height = grid_size(level)
    return Window((width - COLUMNS) // 2, (height - ROWS) // 2, COLUMNS, ROWS)


def _check_window(window: Window, width: int, height: int) -> None:
    inside = (
        0 <= window.column < width
        and 0 <= window.row < height
        and 0 < window.columns <= width - window.column
        and 0 < window.rows <= height - window.row
    )
    if not inside:
        raise InvalidError(gettext("The window lies outside the layout."))
    if window.size > MOST_GLYPHS:
        raise InvalidError(
            gettext(
                "A window holds at most %(cells)s cells. Choose a smaller one.", cells=MOST_GLYPHS
            )
        )


def _lit(views: list[CellView], chosen: Chosen, level: int, window: Window) -> list[CellView]:
    """Mark the cells that hold what a pattern or a lasso selects."""
    selection = chosen.selection
    if selection.pattern_id is None and selection.lasso is None:
        return views
    store = chosen.store
    inside = np.flatnonzero(
        chosen.selected
        & store.within(level, window.column, window.row, window.columns, window.rows)
    )
    squares = window_squares(store, inside, level, window)
    lit = np.bincount(squares, minlength=window.size)
    return [
        replace(
            view,
            lit=int(lit[window.square_of(view.row, view.column)]),
        )
        for view in views
    ]


def lassoed(version_id: int, filters: Filters, lasso: Lasso) -> Lassoed:
    """Count what a lasso takes of the images that pass the filters. Raises InvalidError."""
    chosen = choose(version_id, Selection(filters=filters, lasso=lasso))
    store = chosen.store
    rows = np.flatnonzero(chosen.area)
    outcomes = counts_of(store.outcomes[rows])
    return Lassoed(
        cells=len(np.unique(store.squares_at(rows, lasso.level))),
        images=len(rows),
        errors=int(wrong_count(outcomes)),
        real=int(label_count(outcomes, "real")),
        fake=int(label_count(outcomes, "fake")),
    )
