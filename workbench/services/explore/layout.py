"""The layouts' levels and cells: checked, found, and the images in them."""

from __future__ import annotations

from flask_babel import gettext
from sqlalchemy import and_, or_, select

from workbench.analysis.layout.cells import COARSEST_LEVEL
from workbench.services.columns.layouts import LayoutColumns
from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.errors import InvalidError, NotFoundError
from workbench.store.database import session
from workbench.store.outcomes import OUTCOMES
from workbench.store.results import Cell


def find_cell(version_id: int, cell_id: int) -> Cell:
    """The cell's row. Raises NotFoundError for a cell of another version."""
    cell = session().get(Cell, cell_id)
    if cell is None or cell.version_id != version_id:
        raise NotFoundError(gettext("Cell not found in the layout of this version."))
    return cell


def in_cell(store: ColumnStore, cell: Cell) -> Rows:
    """The images of a cell."""
    return store.layout(cell.layout).within(cell.level, cell.column, cell.row, 1, 1)


def company_of(store: ColumnStore, image_id: int) -> Cell:
    """The cell that an image lies in: of level 0, or a coarser one where it is alone in that."""
    layout, row = store.layout(), store.row_of(image_id)
    levels = range(max(layout.coarsest, COARSEST_LEVEL), 1)
    places = [(level, *layout.place_of(row, level)) for level in levels]
    cells = session().scalars(
        select(Cell)
        .where(
            Cell.version_id == store.version_id,
            Cell.layout == layout.name,
            or_(
                *(
                    and_(Cell.level == level, Cell.row == down, Cell.column == across)
                    for level, down, across in places
                )
            ),
        )
        .order_by(Cell.level.desc())
    )
    found = cells.all()
    shared = (each for each in found if sum(getattr(each, name) for name in OUTCOMES) > 1)
    return next(shared, found[-1])


def level_number(level: int) -> int:
    """The number of a level as people read it: the coarsest is 1."""
    return level - COARSEST_LEVEL + 1


def check_level(layout: LayoutColumns, level: int) -> None:
    """Raise InvalidError for a level that the layout does not have."""
    if not layout.coarsest <= level <= layout.finest:
        raise InvalidError(
            gettext(
                "Levels of this layout are %(coarsest)s to %(finest)s.",
                coarsest=layout.coarsest,
                finest=layout.finest,
            )
        )
