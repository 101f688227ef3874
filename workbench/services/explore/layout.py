"""The layout's levels and cells: checked, found, and the images in them."""

from __future__ import annotations

from flask_babel import gettext

from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.errors import InvalidError, NotFoundError
from workbench.store.database import session
from workbench.store.results import Cell


def find_cell(version_id: int, cell_id: int) -> Cell:
    """The cell's row. Raises NotFoundError for a cell of another version."""
    cell = session().get(Cell, cell_id)
    if cell is None or cell.version_id != version_id:
        raise NotFoundError(gettext("Cell not found in the layout of this version."))
    return cell


def in_cell(store: ColumnStore, cell: Cell) -> Rows:
    """The images of a cell."""
    return store.within(cell.level, cell.column, cell.row, 1, 1)


def check_level(store: ColumnStore, level: int) -> None:
    """Raise InvalidError for a level that the layout does not have."""
    levels = max(store.levels, 1)
    if not 0 <= level < levels:
        raise InvalidError(gettext("Levels of this layout are 0 to %(finest)s.", finest=levels - 1))
