"""The distribution of each distilled dimension, over a cell or over all images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from sqlalchemy import select

from workbench.services import current
from workbench.services.columns import Columns, Rows
from workbench.services.errors import InvalidError
from workbench.services.selecting import Chosen, find_cell, in_cell
from workbench.services.version_files import logit_weights_of, readings_of
from workbench.store.database import session
from workbench.store.images import LABELS
from workbench.store.results import PixelGroup

BINS = 24
CARRIERS = 8
"""How many images of each side show where a dimension looks."""
SAMPLED = 4000
"""A spread is drawn from at most so many images, evenly taken from all."""


@dataclass(frozen=True)
class Spread:
    """How one dimension's activation is spread over a set of images."""

    density: tuple[float, ...]
    """From activation 0 to `Violin.high`, in bins; the peak is 1. Empty without images."""
    mean: float | None
    quartiles: tuple[float, float, float] | None
    """Lower quartile, median, upper quartile."""
    images: int


@dataclass(frozen=True)
class Violin:
    """One dimension in two sets of images, on one axis."""

    index: int
    weight: float
    reads: str
    """Of the embedding, in words; empty where that is not known."""
    left: Spread
    right: Spread
    high: float
    """Activation at the top of the axis."""

    @property
    def difference(self) -> float:
        """How far the means lie apart, in logits: of the left side, beyond the right side's."""
        if self.left.mean is None or self.right.mean is None:
            return 0.0
        return self.weight * (self.left.mean - self.right.mean)


@dataclass(frozen=True)
class Carrier:
    """An image with a dimension's activation, and the pixel group that carries most of it."""

    image_id: int
    group_id: int | None
    """None where the image has no pixel group."""
    activation: float
    contribution: float
    """Of the dimension in the group, in logits; + toward fake."""
    p: float
    label: str


def violins(chosen: Chosen, left: int | None, right: int | None) -> tuple[Violin, ...]:
    """All dimensions by index, each side over a cell, or over the selection.

    Where no cell is given, the left side is the selected images, the right one all that pass the
    filters. Raises NotFoundError for another version's cell.
    """
    columns = chosen.columns
    settings = current.settings()
    sides = _sides(chosen, left, right)
    a, b = (_activations(columns, rows) for rows in sides)
    counts = tuple(int(np.count_nonzero(rows)) for rows in sides)
    weights = logit_weights_of(columns.version_id, settings)
    readings = readings_of(columns.version_id)
    return tuple(
        _violin(index, float(weight), reads, (a[:, index], b[:, index]), counts)
        for index, (weight, reads) in enumerate(zip(weights, readings, strict=True))
    )


def carriers(
    chosen: Chosen, dimension: int, left: int | None, right: int | None
) -> tuple[tuple[Carrier, ...], tuple[Carrier, ...]]:
    """The pixel groups that carry a dimension on each side, from the highest activation down.

    Images are taken from the whole range, more of them from its upper end; of each the group to
    which the dimension contributes most. Two queries. Raises InvalidError for an unknown dimension.
    """
    columns = chosen.columns
    dimensions = columns.activations.shape[1]
    if not 0 <= dimension < dimensions:
        raise InvalidError(
            gettext("This version has the dimensions 0 to %(last)s.", last=dimensions - 1)
        )
    sides = [_ranked(columns, rows, dimension) for rows in _sides(chosen, left, right)]
    groups = _strongest_groups(columns, np.concatenate(sides), dimension)
    first, second = (
        tuple(_carrier(columns, int(row), dimension, groups) for row in rows) for rows in sides
    )
    return first, second


def _ranked(columns: Columns, rows: Rows, dimension: int) -> NDArray[np.int64]:
    found = np.flatnonzero(rows)
    if not len(found):
        return found
    falling = found[np.argsort(-columns.activations[found, dimension], kind="stable")]
    shown = min(CARRIERS, len(falling))
    places = np.linspace(0.0, 1.0, shown) ** 2 * (len(falling) - 1)
    shown_rows: NDArray[np.int64] = falling[
        np.unique(np.maximum(places.astype(int), np.arange(shown)))
    ]
    return shown_rows


def _strongest_groups(
    columns: Columns, rows: NDArray[np.int64], dimension: int
) -> dict[int, tuple[int, float]]:
    """By image, the pixel group to which a dimension contributes most, and how much."""
    found = session().execute(
        select(PixelGroup.image_id, PixelGroup.id, PixelGroup.by_dimension).where(
            PixelGroup.version_id == columns.version_id,
            PixelGroup.image_id.in_([int(each) for each in columns.image_ids[rows]]),
        )
    )
    strongest: dict[int, tuple[int, float]] = {}
    for image_id, group_id, contributions in found:
        known = strongest.get(image_id)
        if known is None or abs(contributions[dimension]) > abs(known[1]):
            strongest[image_id] = group_id, contributions[dimension]
    return strongest


def _carrier(
    columns: Columns, row: int, dimension: int, groups: dict[int, tuple[int, float]]
) -> Carrier:
    image_id = int(columns.image_ids[row])
    group_id, contribution = groups.get(image_id, (None, 0.0))
    return Carrier(
        image_id=image_id,
        group_id=group_id,
        activation=float(columns.activations[row, dimension]),
        contribution=contribution,
        p=float(columns.p[row]),
        label=LABELS[columns.labels[row]],
    )


def _sides(chosen: Chosen, left: int | None, right: int | None) -> tuple[Rows, Rows]:
    return (
        chosen.selected if left is None else _cell(chosen, left),
        chosen.filtered if right is None else _cell(chosen, right),
    )


def _cell(chosen: Chosen, cell_id: int) -> Rows:
    columns = chosen.columns
    return chosen.filtered & in_cell(columns, find_cell(columns.version_id, cell_id))


def _activations(columns: Columns, rows: Rows) -> NDArray[np.float32]:
    found = np.flatnonzero(rows)
    if len(found) > SAMPLED:
        found = found[np.linspace(0, len(found) - 1, SAMPLED).astype(int)]
    return columns.activations[found]


def _violin(
    index: int,
    weight: float,
    reads: str,
    sides: tuple[NDArray[np.float32], NDArray[np.float32]],
    counts: tuple[int, ...],
) -> Violin:
    both = np.concatenate(sides)
    # Not the maximum: one far image would squeeze all others to the bottom.
    high = float(np.percentile(both, 99.0)) if len(both) else 0.0
    high = high or 1.0
    left, right = (
        _spread(values, high, count) for values, count in zip(sides, counts, strict=True)
    )
    return Violin(index, weight, reads, left, right, high)


def _spread(values: NDArray[np.float32], high: float, images: int) -> Spread:
    if not len(values):
        return Spread((), None, None, 0)
    low, middle, upper = (float(each) for each in np.percentile(values, (25.0, 50.0, 75.0)))
    return Spread(_density(values, high), float(values.mean()), (low, middle, upper), images)


def _density(values: NDArray[np.float32], high: float) -> tuple[float, ...]:
    counts = np.histogram(np.minimum(values, high), bins=BINS, range=(0.0, high))[0].astype(float)
    smooth = gaussian_filter1d(counts, sigma=1.2, mode="nearest")
    peak = smooth.max()
    return tuple(float(each) for each in (smooth / peak if peak > 0 else smooth))
