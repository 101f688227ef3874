"""Which images a view is about: filters that combine, and what is selected within them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray

from workbench.analysis.images.notes import ImportNote
from workbench.services.columns.properties import PROPERTIES
from workbench.services.columns.store import ColumnStore, Rows, column_store
from workbench.services.errors import InvalidError
from workbench.services.explore.decisions import (
    decided_rows,
    judged_rows,
    overturned_rows,
    wrong_reason_rows,
)
from workbench.services.explore.lasso import (
    Lasso,
    in_lasso,
)
from workbench.services.explore.layout import find_cell, in_cell
from workbench.services.explore.text_search import mentioning
from workbench.services.models.dimensions import check_dimension
from workbench.services.review.tags import meant_by, tag_names
from workbench.services.tagged.groups import bearers
from workbench.store.images import LABELS
from workbench.store.judgements import DECISIONS
from workbench.store.outcomes import OUTCOMES

MISCLASSIFIED = "misclassified"
WITHOUT_LABEL = "unlabelled"
LABEL_FILTERS = (*LABELS, WITHOUT_LABEL)
"""In the order of `label_code`."""
SPLITS = ("training", "held_out")
VERDICTS = ("none", "any", *DECISIONS, "overturned", "wrong_reason")
SEVERITIES = 5
ANY_NOTE = "any"
NOTES = (ANY_NOTE, *(each.value for each in ImportNote))

Range = tuple[float, float]
"""Lowest and highest value, both included."""


@dataclass(frozen=True)
class Filters:
    """Conditions on images; they combine, and what is unset lets everything through."""

    outcome: str | None = None
    label: str | None = None
    generator: str | None = None
    split: str | None = None
    noted: str | None = None
    """A note of the import, or `any`."""
    file_format: str | None = None
    """Of the original's file."""
    image_property: tuple[str, float, float] | None = None
    """One of `PROPERTIES`, and its range; images that have none do not pass."""
    p: Range | None = None
    severity: tuple[int, ...] = ()
    """Fifths of p(fake), 1 (surely real) to 5 (surely fake)."""
    sensitivity: Range | None = None
    """In logits, + toward fake; images that were not measured do not pass."""
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
    store: ColumnStore
    filtered: Rows
    """What passes the filters: what glyphs count."""
    area: Rows
    """The part of it in the selected cell and the lasso."""
    selected: Rows
    """The part of that with the selected pattern."""
    cell_layout: str | None = None
    """The layout that the selected cell is of."""

    @property
    def total(self) -> int:
        """How many images are selected."""
        return int(np.count_nonzero(self.selected))

    @property
    def groups(self) -> NDArray[np.int64]:
        """The selected pattern's pixel groups in the selected images, as indexes; none without."""
        if self.selection.pattern_id is None:
            return np.empty(0, np.int64)
        found = self.store.groups_of(self.store.pattern_index(self.selection.pattern_id))
        return found[self.selected[self.store.pixel_group_rows[found]]]

    @property
    def everything(self) -> bool:
        """Whether the area is the whole collection."""
        chosen = self.selection
        return not chosen.filters.any and chosen.cell_id is None and chosen.lasso is None

    def lights(self, layout: str) -> bool:
        """Whether a layout's cells are lit up by what is selected.

        By a pattern, a lasso, and a cell of another layout: its own one is framed.
        """
        elsewhere = self.cell_layout not in (None, layout)
        return (
            elsewhere or self.selection.pattern_id is not None or self.selection.lasso is not None
        )


def choose(version_id: int, selection: Selection) -> Chosen:
    """Find a selection's images. A few queries at most, however many images there are.

    Raises NotFoundError for another version's cell or pattern, InvalidError for a condition that
    makes no sense.
    """
    store = column_store(version_id)
    filtered = _filtered(store, selection.filters)
    area, cell_layout = filtered, None
    if selection.cell_id is not None:
        cell = find_cell(version_id, selection.cell_id)
        area, cell_layout = area & in_cell(store, cell), cell.layout
    if selection.lasso is not None:
        area = area & in_lasso(store, selection.lasso)
    selected = area
    if selection.pattern_id is not None:
        selected = area & store.having(selection.pattern_id)
    return Chosen(selection, store, filtered, area, selected, cell_layout)


@dataclass(frozen=True)
class FilterChoices:
    """What a version's filters can be set to."""

    generators: tuple[str, ...]
    dimensions: int
    tags: tuple[str, ...]
    """The first few."""
    import_notes: tuple[str, ...] = ()
    """Those that the import made of some image."""
    formats: tuple[str, ...] = ()
    properties: tuple[str, ...] = PROPERTIES
    """Those that some image has."""


def filter_choices(version_id: int) -> FilterChoices:
    """The names that filters of a version may ask for."""
    store = column_store(version_id)
    return FilterChoices(
        generators=tuple(sorted(each for each in store.generator_names if each)),
        dimensions=len(store.activations),
        tags=tag_names(deprecated=True),
        import_notes=_notes(store),
        formats=tuple(sorted(store.format_names)),
        properties=tuple(name for name in PROPERTIES if np.isfinite(store.property_of(name)).any()),
    )


def _filtered(store: ColumnStore, filters: Filters) -> Rows:
    rows = np.ones(store.count, np.bool_)
    for condition in (_of_dataset, _of_model, _of_people):
        for passing in condition(store, filters):
            rows &= passing
    return rows


def _of_dataset(store: ColumnStore, filters: Filters) -> Iterator[Rows]:
    if filters.label is not None:
        yield store.labels == _known("label", filters.label, LABEL_FILTERS)
    if filters.generator is not None:
        yield store.generators == _generator(store, filters.generator)
    if filters.split is not None:
        yield store.held_out == bool(_known("split", filters.split, SPLITS))
    if filters.file_format is not None:
        yield store.formats == _known("format", filters.file_format, store.format_names)
    if filters.image_property is not None:
        name, low, high = filters.image_property
        _known("property", name, PROPERTIES)
        yield _between(store.property_of(name), (low, high))
    if filters.noted == ANY_NOTE:
        yield store.import_notes != 0
    elif filters.noted is not None:
        yield store.import_notes & _bit(filters.noted) != 0


def _bit(note: str) -> int:
    return 1 << _known("import note", note, tuple(ImportNote))


def _notes(store: ColumnStore) -> tuple[str, ...]:
    present = int(np.bitwise_or.reduce(store.import_notes, initial=0))
    return tuple(each.value for each in ImportNote if present & _bit(each))


def _of_model(store: ColumnStore, filters: Filters) -> Iterator[Rows]:
    if filters.outcome == MISCLASSIFIED:
        yield store.wrong
    elif filters.outcome is not None:
        yield store.outcomes == _known("outcome", filters.outcome, OUTCOMES)
    if filters.p is not None:
        yield _between(store.p, filters.p)
    if filters.severity:
        yield np.isin(severities(store.p), filters.severity)
    if filters.sensitivity is not None:
        yield _between(store.sensitivity, filters.sensitivity)
    if filters.activation is not None:
        dimension, low, high = filters.activation
        yield _between(_activation(store, dimension), (low, high))


def _of_people(store: ColumnStore, filters: Filters) -> Iterator[Rows]:
    if filters.tag is not None:
        yield bearers(store, meant_by(filters.tag))
    if filters.verdict is not None:
        yield _judged(store, filters.verdict)
    if filters.text is not None:
        yield mentioning(store, filters.text)


def _known(what: str, value: str, allowed: tuple[str, ...]) -> int:
    if value not in allowed:
        raise InvalidError(f"Unknown {what} “{value}”. Use one of: {', '.join(allowed)}.")
    return allowed.index(value)


def _generator(store: ColumnStore, name: str) -> int:
    if name not in store.generator_names:
        raise InvalidError(
            gettext("Unknown generator “%(name)s”: no image of this collection has it.", name=name)
        )
    return store.generator_names.index(name)


def severities(p: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Fifths of p(fake): 1 (surely real) to 5 (surely fake)."""
    return np.minimum((p * SEVERITIES).astype(np.uint8) + 1, SEVERITIES).astype(np.uint8)


def _between(values: NDArray[np.float32], limits: Range) -> Rows:
    low, high = limits
    if low > high:
        raise InvalidError(gettext("The minimum of a range must not exceed its maximum."))
    # Limits are read with the digits that the screen shows; NaN lies in no range.
    inside: Rows = (values >= np.float32(low)) & (values <= np.float32(high))
    return inside


def _activation(store: ColumnStore, dimension: int) -> NDArray[np.float32]:
    check_dimension(dimension, len(store.activations))
    found: NDArray[np.float32] = store.activations[dimension]
    return found


def _judged(store: ColumnStore, verdict: str) -> Rows:
    _known("verdict", verdict, VERDICTS)
    if verdict == "none":
        return ~judged_rows(store)
    if verdict == "overturned":
        return overturned_rows(store)
    if verdict == "wrong_reason":
        return wrong_reason_rows(store)
    return judged_rows(store) if verdict == "any" else decided_rows(store, verdict)
