"""A lasso: a polygon over one level's cells, and the images that it takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from skimage.draw import polygon

from workbench.analysis.layout.cells import grid_size
from workbench.services.columns.layouts import LayoutColumns
from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.errors import InvalidError
from workbench.services.explore.layout import check_level

MOST_CORNERS = 200


@dataclass(frozen=True)
class Lasso:
    """A polygon over one level's cells; it takes the cells whose middle lies inside."""

    level: int
    corners: tuple[tuple[float, float], ...]
    """(x, y) in cells of the level."""
    layout: str | None = None
    """The layout that it was drawn on; None for the one that pages begin with."""


def in_lasso(store: ColumnStore, lasso: Lasso) -> Rows:
    """The images of the cells that a lasso takes."""
    squares = layout_of(store, lasso).squares_at(slice(None), lasso.level)
    taken: Rows = cells_in_lasso(store, lasso)[squares]
    return taken


def cells_in_lasso(store: ColumnStore, lasso: Lasso) -> NDArray[np.bool_]:
    """Whether a lasso takes each square of its level, row by row. Raises InvalidError."""
    _check_lasso(store, lasso)
    width, height = grid_size(lasso.level)
    x, y = np.array(lasso.corners).T
    grid = np.zeros((height, width), np.bool_)
    # A square is taken by its middle, and the library's points lie on whole numbers.
    grid[polygon(y - 0.5, x - 0.5, grid.shape)] = True  # type: ignore[no-untyped-call]  # scikit-image has none
    return grid.ravel()


def layout_of(store: ColumnStore, lasso: Lasso) -> LayoutColumns:
    """The layout that a lasso was drawn on. Raises InvalidError for one that the version lacks."""
    layout = store.layout(lasso.layout)
    if lasso.layout not in (None, layout.name):
        raise InvalidError(gettext("The lasso was drawn on a layout that this version lacks."))
    return layout


def _check_lasso(store: ColumnStore, lasso: Lasso) -> None:
    check_level(layout_of(store, lasso), lasso.level)
    if not 3 <= len(lasso.corners) <= MOST_CORNERS:
        raise InvalidError(gettext("A lasso needs 3 to %(most)s corners.", most=MOST_CORNERS))
    limits = np.array(grid_size(lasso.level))
    corners = np.array(lasso.corners)
    if not np.isfinite(corners).all() or (corners < -1).any() or (corners > limits + 1).any():
        raise InvalidError(gettext("The lasso lies outside the layout."))
