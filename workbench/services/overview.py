"""The representation overview: the cells of one level and window of a version's layout."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import ColumnElement, and_, func, or_, select

from workbench.analysis.cells import COLUMNS, ROWS
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.pattern_names import default_label, pattern_labels
from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import Cell, Pattern, PixelGroup, Prediction

MOST_GLYPHS = 600
SEVERITIES = 5


@dataclass(frozen=True)
class Window:
    """A part of a level's grid, in that level's cells."""

    column: int
    row: int
    columns: int
    rows: int


@dataclass(frozen=True)
class CellView:
    """A cell as its glyph shows it. `severity` is 1 (surely real) to 5 (surely fake)."""

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

    @property
    def images(self) -> int:
        """How many images lie in it."""
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


def overview(
    version_id: int, level: int, window: Window | None, outcome: str | None = None
) -> Overview:
    """The cells to draw: at most 600, whatever the collection's size.

    `outcome="misclassified"` keeps the cells that hold errors. Raises InvalidError for another
    outcome, a level that the layout does not have, or a window outside of it or too large.
    """
    levels = _levels(version_id)
    if not 0 <= level < max(levels, 1):
        raise InvalidError(
            gettext("This layout has the levels 0 to %(last)s.", last=max(levels, 1) - 1)
        )
    columns, rows = COLUMNS << level, ROWS << level
    window = window or _default_window(level)
    _check_window(window, columns, rows)
    query = select(Cell).where(
        Cell.version_id == version_id,
        Cell.level == level,
        Cell.column.between(window.column, window.column + window.columns - 1),
        Cell.row.between(window.row, window.row + window.rows - 1),
    )
    if outcome not in (None, "misclassified"):
        raise InvalidError(f"{outcome} is no choice of cells; misclassified is.")
    if outcome is not None:
        query = query.where(Cell.real_called_fake + Cell.fake_called_real > 0)
    largest = _largest_sensitivity(version_id, level)
    cells = tuple(
        _cell_view(each, largest)
        for each in session().scalars(query.order_by(Cell.row, Cell.column).limit(MOST_GLYPHS))
    )
    return Overview(
        level=level,
        levels=levels,
        columns=columns,
        rows=rows,
        window=window,
        cells=cells,
        images=sum(each.images for each in cells),
    )


def _default_window(level: int) -> Window:
    """The whole of level 0, else a middle part."""
    if level == 0:
        return Window(0, 0, COLUMNS, ROWS)
    columns, rows = COLUMNS << level, ROWS << level
    return Window((columns - 2 * COLUMNS) // 2, (rows - ROWS) // 2, 2 * COLUMNS, ROWS)


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


def _levels(version_id: int) -> int:
    finest = session().scalar(select(func.max(Cell.level)).where(Cell.version_id == version_id))
    return 0 if finest is None else finest + 1


def _largest_sensitivity(version_id: int, level: int) -> float:
    return (
        session().scalar(
            select(func.max(Cell.sensitivity)).where(
                Cell.version_id == version_id, Cell.level == level
            )
        )
        or 0.0
    )


def _cell_view(cell: Cell, largest: float) -> CellView:
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
        severity=min(int(cell.mean_p * SEVERITIES) + 1, SEVERITIES),
        sensitivity=cell.sensitivity,
        sensitivity_share=None if cell.sensitivity is None else cell.sensitivity / (largest or 1.0),
        measured=cell.measured,
        exemplar_id=cell.exemplar_id,
    )


def find_cell(version_id: int, cell_id: int) -> Cell:
    """The cell's row. Raises NotFoundError for a cell of another version."""
    cell = session().get(Cell, cell_id)
    if cell is None or cell.version_id != version_id:
        raise NotFoundError(gettext("This version's layout has no such cell."))
    return cell


def inside(cell: Cell) -> ColumnElement[bool]:
    """The condition that a prediction lies in a cell, exactly as the layout was cut."""
    columns, rows = COLUMNS << cell.level, ROWS << cell.level
    return and_(
        Prediction.version_id == cell.version_id,
        # The index finds the neighbourhood; the products, computed as when the cells were cut,
        # decide at the border.
        Prediction.x.between((cell.column - 0.5) / columns, (cell.column + 1.5) / columns),
        Prediction.y.between((cell.row - 0.5) / rows, (cell.row + 1.5) / rows),
        Prediction.x * columns >= cell.column,
        Prediction.x * columns < cell.column + 1,
        Prediction.y * rows >= cell.row,
        Prediction.y * rows < cell.row + 1,
    )


def cell(version_id: int, cell_id: int) -> CellDetail:
    """A cell with its most frequent tags and patterns. Raises NotFoundError."""
    found = find_cell(version_id, cell_id)
    return CellDetail(
        cell=_cell_view(found, _largest_sensitivity(version_id, found.level)),
        top_tags=_top_tags(found),
        top_patterns=_top_patterns(found),
    )


def _top_patterns(found: Cell) -> tuple[PatternName, ...]:
    images = func.count(func.distinct(PixelGroup.image_id))
    rows = (
        session()
        .execute(
            select(Pattern.id, Pattern.number, images)
            .join(PixelGroup, PixelGroup.pattern_id == Pattern.id)
            .join(
                Prediction,
                and_(
                    Prediction.image_id == PixelGroup.image_id,
                    Prediction.version_id == PixelGroup.version_id,
                ),
            )
            .where(inside(found))
            .group_by(Pattern.id, Pattern.number)
            .order_by(images.desc(), Pattern.number)
            .limit(3)
        )
        .all()
    )
    labels = pattern_labels([row.id for row in rows])
    return tuple(
        PatternName(pattern_id, labels.get(pattern_id, default_label(number)), count)
        for pattern_id, number, count in rows
    )


def _top_tags(found: Cell) -> tuple[tuple[str, int], ...]:
    images = func.count(func.distinct(PixelGroup.image_id))
    rows = session().execute(
        select(Tag.name, images)
        .join(Tagging, and_(Tagging.tag_id == Tag.id, Tagging.withdrawn_at.is_(None)))
        .join(
            PixelGroup,
            or_(
                PixelGroup.id == Tagging.pixel_group_id,
                PixelGroup.pattern_id == Tagging.pattern_id,
            ),
        )
        .join(
            Prediction,
            and_(
                Prediction.image_id == PixelGroup.image_id,
                Prediction.version_id == PixelGroup.version_id,
            ),
        )
        .where(inside(found))
        .group_by(Tag.name)
        .order_by(images.desc(), Tag.name)
        .limit(3)
    )
    return tuple((name, count) for name, count in rows)
