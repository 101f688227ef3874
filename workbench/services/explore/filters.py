"""Which images a view is about: filters that combine, and what is selected within them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from skimage.draw import polygon
from sqlalchemy import Select, func, select

from workbench.analysis.layout.cells import COLUMNS, ROWS
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.explore.columns import Columns, Rows, columns_of
from workbench.store.database import session
from workbench.store.images import LABELS, Image
from workbench.store.judgements import DECISIONS, CounterfactualNote, Tag, Tagging, Verdict
from workbench.store.results import OUTCOMES, Cell, PixelGroup

MISCLASSIFIED = "misclassified"
SPLITS = ("training", "held_out")
VERDICTS = ("none", "any", *DECISIONS)
SEVERITIES = 5
MOST_CORNERS = 200
LONGEST_TEXT = 100

Range = tuple[float, float]
"""Lowest and highest value, both included."""


@dataclass(frozen=True)
class Filters:
    """Conditions on images; they combine, and what is unset lets everything through."""

    outcome: str | None = None
    label: str | None = None
    generator: str | None = None
    split: str | None = None
    p: Range | None = None
    severity: tuple[int, ...] = ()
    """Fifths of p(fake), 1 (surely real) to 5 (surely fake)."""
    sensitivity: Range | None = None
    """In logits; images that were not measured do not pass."""
    activation: tuple[int, float, float] | None = None
    """Dimension, and the range of its activation."""
    tag: str | None = None
    verdict: str | None = None
    text: str | None = None
    """In the file name, a tag, a note, or a verdict's reason."""

    @property
    def any(self) -> bool:
        """Whether some condition is set."""
        return self != Filters()


@dataclass(frozen=True)
class Lasso:
    """A polygon over one level's cells; it takes the cells whose middle lies inside."""

    level: int
    corners: tuple[tuple[float, float], ...]
    """(x, y) in cells of the level."""


@dataclass(frozen=True)
class Selection:
    """Filters, and what of it is selected: a cell, a lassoed area, a pattern."""

    filters: Filters = field(default_factory=Filters)
    cell_id: int | None = None
    lasso: Lasso | None = None
    pattern_id: int | None = None


@dataclass(frozen=True)
class Chosen:
    """A selection found in a version's columns; masks have one entry an image."""

    selection: Selection
    columns: Columns
    filtered: Rows
    """What passes the filters: what glyphs count."""
    area: Rows
    """The part of it in the selected cell and the lasso."""
    selected: Rows
    """The part of that with the selected pattern."""

    @property
    def total(self) -> int:
        """How many images are selected."""
        return int(np.count_nonzero(self.selected))

    @property
    def everything(self) -> bool:
        """Whether the area is the whole collection."""
        chosen = self.selection
        return not chosen.filters.any and chosen.cell_id is None and chosen.lasso is None


def choose(version_id: int, selection: Selection) -> Chosen:
    """Find a selection's images. A few queries at most, however many images there are.

    Raises NotFoundError for another version's cell or pattern, InvalidError for a condition that
    makes no sense.
    """
    columns = columns_of(version_id)
    filtered = _filtered(columns, selection.filters)
    area = filtered
    if selection.cell_id is not None:
        area = area & in_cell(columns, find_cell(version_id, selection.cell_id))
    if selection.lasso is not None:
        area = area & in_lasso(columns, selection.lasso)
    selected = area
    if selection.pattern_id is not None:
        selected = area & having(columns, selection.pattern_id)
    return Chosen(selection, columns, filtered, area, selected)


@dataclass(frozen=True)
class FilterChoices:
    """What a version's filters can be set to."""

    generators: tuple[str, ...]
    dimensions: int
    tags: tuple[str, ...]


def filter_choices(version_id: int) -> FilterChoices:
    """The names that filters of a version may ask for."""
    columns = columns_of(version_id)
    return FilterChoices(
        generators=tuple(sorted(each for each in columns.generator_names if each)),
        dimensions=len(columns.activations),
        tags=tuple(session().scalars(select(Tag.name).order_by(Tag.folded_name))),
    )


def find_cell(version_id: int, cell_id: int) -> Cell:
    """The cell's row. Raises NotFoundError for a cell of another version."""
    cell = session().get(Cell, cell_id)
    if cell is None or cell.version_id != version_id:
        raise NotFoundError(gettext("This version's layout has no such cell."))
    return cell


def in_cell(columns: Columns, cell: Cell) -> Rows:
    """The images of a cell."""
    return columns.within(cell.level, cell.column, cell.row, 1, 1)


def having(columns: Columns, pattern_id: int) -> Rows:
    """The images with a pattern. Raises NotFoundError for another version's."""
    found = np.zeros(columns.count, np.bool_)
    found[columns.member_rows[columns.members(columns.pattern_index(pattern_id))]] = True
    return found


def in_lasso(columns: Columns, lasso: Lasso) -> Rows:
    """The images of the cells that a lasso takes."""
    taken: Rows = cells_in_lasso(columns, lasso)[columns.squares_at(slice(None), lasso.level)]
    return taken


def cells_in_lasso(columns: Columns, lasso: Lasso) -> NDArray[np.bool_]:
    """Whether a lasso takes each square of its level, row by row. Raises InvalidError."""
    _check_lasso(columns, lasso)
    width, height = COLUMNS << lasso.level, ROWS << lasso.level
    x, y = np.array(lasso.corners).T
    grid = np.zeros((height, width), np.bool_)
    # A square is taken by its middle, and the library's points lie on whole numbers.
    grid[polygon(y - 0.5, x - 0.5, grid.shape)] = True  # type: ignore[no-untyped-call]  # scikit-image has none
    return grid.ravel()


def check_level(columns: Columns, level: int) -> None:
    """Raise InvalidError for a level that the layout does not have."""
    levels = max(columns.levels, 1)
    if not 0 <= level < levels:
        raise InvalidError(
            gettext("This layout has the levels 0 to %(finest)s.", finest=levels - 1)
        )


def _check_lasso(columns: Columns, lasso: Lasso) -> None:
    check_level(columns, lasso.level)
    if not 3 <= len(lasso.corners) <= MOST_CORNERS:
        raise InvalidError(gettext("A lasso has 3 to %(most)s corners.", most=MOST_CORNERS))
    limits = np.array([COLUMNS << lasso.level, ROWS << lasso.level])
    corners = np.array(lasso.corners)
    if not np.isfinite(corners).all() or (corners < -1).any() or (corners > limits + 1).any():
        raise InvalidError(gettext("This lasso lies outside of the layout."))


def _filtered(columns: Columns, filters: Filters) -> Rows:
    rows = np.ones(columns.count, np.bool_)
    for condition in (_of_dataset, _of_model, _of_people):
        for passing in condition(columns, filters):
            rows &= passing
    return rows


def _of_dataset(columns: Columns, filters: Filters) -> Iterator[Rows]:
    if filters.label is not None:
        yield columns.labels == _known("label", filters.label, LABELS)
    if filters.generator is not None:
        yield columns.generators == _generator(columns, filters.generator)
    if filters.split is not None:
        yield columns.held_out == bool(_known("split", filters.split, SPLITS))


def _of_model(columns: Columns, filters: Filters) -> Iterator[Rows]:
    if filters.outcome == MISCLASSIFIED:
        yield columns.wrong
    elif filters.outcome is not None:
        yield columns.outcomes == _known("outcome", filters.outcome, OUTCOMES)
    if filters.p is not None:
        yield _between(columns.p, filters.p)
    if filters.severity:
        yield np.isin(severities(columns.p), filters.severity)
    if filters.sensitivity is not None:
        yield _between(columns.sensitivity, filters.sensitivity)
    if filters.activation is not None:
        dimension, low, high = filters.activation
        yield _between(_activation(columns, dimension), (low, high))


def _of_people(columns: Columns, filters: Filters) -> Iterator[Rows]:
    if filters.tag is not None:
        yield tagged(columns, _tags(Tag.folded_name == filters.tag.casefold()))
    if filters.verdict is not None:
        yield _judged(columns, filters.verdict)
    if filters.text is not None:
        yield _mentioning(columns, filters.text)


def _known(what: str, value: str, allowed: tuple[str, ...]) -> int:
    if value not in allowed:
        raise InvalidError(f"{value} is no {what}; one of {', '.join(allowed)} is.")
    return allowed.index(value)


def _generator(columns: Columns, name: str) -> int:
    if name not in columns.generator_names:
        raise InvalidError(
            gettext(
                "No image of this collection comes from a generator called %(name)s.", name=name
            )
        )
    return columns.generator_names.index(name)


def severities(p: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Fifths of p(fake): 1 (surely real) to 5 (surely fake)."""
    return np.minimum((p * SEVERITIES).astype(np.uint8) + 1, SEVERITIES).astype(np.uint8)


def _between(values: NDArray[np.float32], limits: Range) -> Rows:
    low, high = limits
    if low > high:
        raise InvalidError(gettext("A range begins with its lowest value."))
    # Limits are read with the digits that the screen shows; NaN lies in no range.
    inside: Rows = (values >= np.float32(low)) & (values <= np.float32(high))
    return inside


def _activation(columns: Columns, dimension: int) -> NDArray[np.float32]:
    dimensions = len(columns.activations)
    if not 0 <= dimension < dimensions:
        raise InvalidError(
            gettext("This version has the dimensions 0 to %(last)s.", last=dimensions - 1)
        )
    found: NDArray[np.float32] = columns.activations[dimension]
    return found


def _tags(condition: object) -> list[int]:
    return list(session().scalars(select(Tag.id).where(condition)))  # type: ignore[arg-type]


def tagged(columns: Columns, tag_ids: list[int]) -> Rows:
    """The images that bear one of these tags: on a pixel group by hand, or on a pattern."""
    rows = np.zeros(columns.count, np.bool_)
    if not tag_ids:
        return rows
    standing = Tagging.tag_id.in_(tag_ids) & Tagging.withdrawn_at.is_(None)
    by_pattern = session().scalars(select(Tagging.pattern_id).where(standing).distinct())
    for index in np.flatnonzero(np.isin(columns.pattern_ids, [each or 0 for each in by_pattern])):
        rows[columns.member_rows[columns.members(int(index))]] = True
    by_hand = select(PixelGroup.image_id).join(Tagging).where(standing)
    rows[_found(columns, by_hand)] = True
    return rows


def _found(columns: Columns, query: Select[tuple[int]]) -> NDArray[np.int64]:
    return columns.rows_of(np.array(session().scalars(query).all(), np.int64))


def judged_rows(columns: Columns, decision: str | None = None) -> Rows:
    """The images whose newest standing verdict is this one, or any."""
    first, last = int(columns.image_ids[0]), int(columns.image_ids[-1])
    # By ids and not by collection: every page counts these, and need not look at the images.
    standing = (Verdict.withdrawn_at.is_(None), Verdict.image_id.between(first, last))
    query = select(Verdict.image_id).where(*standing)
    if decision is not None:
        newest = select(func.max(Verdict.id)).where(*standing).group_by(Verdict.image_id)
        newest = newest.correlate(None)
        query = query.where(Verdict.id.in_(newest), Verdict.decision == decision)
    rows = np.zeros(columns.count, np.bool_)
    rows[_found(columns, query)] = True
    return rows


def _judged(columns: Columns, verdict: str) -> Rows:
    _known("verdict", verdict, VERDICTS)
    if verdict == "none":
        return ~judged_rows(columns)
    return judged_rows(columns, None if verdict == "any" else verdict)


def _mentioning(columns: Columns, text: str) -> Rows:
    wanted = " ".join(text.casefold().split())
    if not wanted or len(wanted) > LONGEST_TEXT:
        raise InvalidError(
            gettext("A text to look for has 1 to %(longest)s characters.", longest=LONGEST_TEXT)
        )
    rows = named(columns, wanted)
    rows |= tagged(columns, _tags(Tag.folded_name.contains(wanted, autoescape=True)))
    for written, standing in (
        (CounterfactualNote.text, CounterfactualNote),
        (Verdict.reason, Verdict),
    ):
        mentioned = (
            select(standing.image_id)
            .join(Image)
            .where(
                Image.collection_id == columns.collection_id,
                standing.withdrawn_at.is_(None),
                func.lower(written).contains(wanted, autoescape=True),
            )
        )
        rows[_found(columns, mentioned)] = True
    return rows


def named(columns: Columns, text: str) -> Rows:
    """The images whose file name holds a text that is folded already."""
    rows = np.zeros(columns.count, np.bool_)
    signs = np.frombuffer(text.encode(), np.uint8)
    last = len(columns.names) - len(signs) + 1
    if last <= 0:
        return rows
    # The rarest sign first: few places are left to compare the others at.
    counts = columns.name_signs[signs]
    rarest = int(np.argmin(counts))
    places = np.flatnonzero(columns.names[rarest : rarest + last] == signs[rarest])
    for offset in np.argsort(counts):
        if offset != rarest:
            places = places[columns.names[places + offset] == signs[offset]]
    rows[np.searchsorted(columns.name_ends, places, side="right")] = True
    return rows
