"""The representation overview: the cells of one level and window of a version's layout."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from flask_babel import gettext
from sqlalchemy import select

from workbench.analysis.layout.cells import COLUMNS, ROWS, Block, grid_size
from workbench.analysis.layout.mixtures import FORMER_LAYOUT, LAYOUTS
from workbench.services.columns.layouts import LayoutColumns
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
from workbench.services.explore.lasso import Lasso, layout_of
from workbench.services.explore.layout import check_level
from workbench.store.database import session
from workbench.store.outcomes import counts_of, label_count, unlabelled_count, wrong_count
from workbench.store.results import Cell

MOST_GLYPHS = 600
SHOWN = (*LAYOUTS, FORMER_LAYOUT)
"""All names of layouts, in the order that pages offer them in."""


@dataclass(frozen=True)
class Overview:
    """The cells of one level and window."""

    layout: str
    layouts: tuple[str, ...]
    """Those that the version has."""
    level: int
    coarsest: int
    finest: int
    columns: int
    rows: int
    window: Window
    cells: tuple[CellView, ...]
    images: int
    """How many of the window's images pass the filters."""
    whole: int
    """How many lie in the window."""
    lighting: bool = False
    """Whether what is selected lights cells up, and the others step back."""


@dataclass(frozen=True)
class Lassoed:
    """What a lasso takes, before anything is done with it."""

    cells: int
    images: int
    errors: int
    real: int
    fake: int
    unlabelled: int


def overview(
    chosen: Chosen, level: int, window: Window | None, layout: str | None = None
) -> Overview:
    """The cells of a layout to draw: at most 600, whatever the collection's size.

    Of a layout that the version lacks, those of the one that pages begin with. Every cell of the
    window is there, also those of which no image passes the filters. Raises InvalidError for a
    level that the layout does not have, or a window outside of it or too large.
    """
    store = chosen.store
    placed = store.layout(layout)
    check_level(placed, level)
    width, height = grid_size(level)
    window = window or _default_window(level, placed.block)
    _check_window(window, width, height)
    # Rows, not objects: several hundred of these would cost more than all else of the query.
    stored = session().execute(
        select(*STORED)
        .where(
            Cell.version_id == store.version_id,
            Cell.layout == placed.name,
            Cell.level == level,
            Cell.column.between(window.column, window.column + window.columns - 1),
            Cell.row.between(window.row, window.row + window.rows - 1),
        )
        .order_by(Cell.row, Cell.column)
        .limit(MOST_GLYPHS)
    )
    views = [stored_view(each, store) for each in stored.all()]
    if chosen.selection.filters.any:
        views = recounted(views, store, placed, chosen.filtered, level, window)
    lighting = chosen.lights(placed.name)
    if lighting:
        views = _lit(views, chosen, placed, level, window)
    return Overview(
        layout=placed.name,
        layouts=tuple(each for each in SHOWN if any(each == one.name for one in store.layouts)),
        level=level,
        coarsest=placed.coarsest,
        finest=placed.finest,
        columns=width,
        rows=height,
        window=window,
        cells=tuple(views),
        images=sum(each.images for each in views),
        whole=sum(each.whole for each in views),
        lighting=lighting,
    )


def _default_window(level: int, block: Block) -> Window:
    """All that the images lie in; of a finer level than 0, the middle part."""
    if level > 0:
        width, height = grid_size(level)
        return Window((width - COLUMNS) // 2, (height - ROWS) // 2, COLUMNS, ROWS)
    side = 2**-level
    column, row = block.column // side, block.row // side
    return Window(
        column,
        row,
        math.ceil((block.column + block.columns) / side) - column,
        math.ceil((block.row + block.rows) / side) - row,
    )


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


def _lit(
    views: list[CellView], chosen: Chosen, layout: LayoutColumns, level: int, window: Window
) -> list[CellView]:
    """Mark the cells that hold what is selected."""
    inside = np.flatnonzero(
        chosen.selected
        & layout.within(level, window.column, window.row, window.columns, window.rows)
    )
    squares = window_squares(layout, inside, level, window)
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
        cells=len(np.unique(layout_of(store, lasso).squares_at(rows, lasso.level))),
        images=len(rows),
        errors=int(wrong_count(outcomes)),
        real=int(label_count(outcomes, "real")),
        fake=int(label_count(outcomes, "fake")),
        unlabelled=int(unlabelled_count(outcomes)),
    )
