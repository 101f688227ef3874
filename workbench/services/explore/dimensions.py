"""The distribution of each distilled dimension, over a cell or over all images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from sqlalchemy import select

from workbench.services import app_settings
from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.explore.filters import Chosen
from workbench.services.explore.layout import find_cell, in_cell
from workbench.services.models.arrays import logit_weights_of
from workbench.services.models.dimensions import check_dimension
from workbench.store.database import session
from workbench.store.images import label_of
from workbench.store.results import PixelGroup

BINS = 24
CARRIERS = 8
"""How many images of each side show where a dimension looks."""
SAMPLED = 4000
"""A distribution is drawn from at most so many images, evenly taken from all."""


@dataclass(frozen=True)
class Distribution:
    """The distribution of one dimension's activation over a set of images."""

    density: tuple[float, ...]
    """From `Violin.low` to `Violin.high`, in bins; the peak is 1. Empty without images."""
    mean: float | None
    quartiles: tuple[float, float, float] | None
    """Lower quartile, median, upper quartile."""
    images: int


@dataclass(frozen=True)
class Violin:
    """One dimension in two sets of images, on one axis."""

    index: int
    weight: float
    left: Distribution
    right: Distribution
    low: float
    """Activation at the bottom of the axis, 0 at most."""
    high: float
    """Activation at the top of the axis, 0 at least, and above `low`."""

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
    label: str | None


@dataclass(frozen=True)
class Carriers:
    """Two rows of images that show where a dimension looks.

    opposite: both rows are of the same images, those highest and those lowest in the dimension;
        otherwise each is of its own side, from the highest down.
    """

    first: tuple[Carrier, ...]
    second: tuple[Carrier, ...]
    opposite: bool


def violins(chosen: Chosen, left: int | None, right: int | None) -> tuple[Violin, ...]:
    """All dimensions by index, each side over a cell, or over the selection.

    Where no cell is given, the left side is the selected images, the right one all that pass the
    filters. Raises NotFoundError for another version's cell.
    """
    store = chosen.store
    rows = sides(chosen, left, right)
    left_side = _activations(store, rows[0])
    both = [left_side, left_side if rows[1] is rows[0] else _activations(store, rows[1])]
    # Not the extremes: one far image would squeeze all others together.
    low, high = _quantiles(np.concatenate(both, axis=1), (0.01, 0.99))
    low, high = np.minimum(low, 0), np.maximum(high, 0)
    high[high <= low] = 1.0
    distributions = [
        _distributions(values, low, high, int(np.count_nonzero(each)))
        for values, each in zip(both, rows, strict=True)
    ]
    weights = logit_weights_of(store.version_id, app_settings.settings())
    return tuple(
        Violin(
            index,
            float(weights[index]),
            a,
            b,
            float(low[index]),
            float(high[index]),
        )
        for index, (a, b) in enumerate(zip(*distributions, strict=True))
    )


def carriers(chosen: Chosen, dimension: int, left: int | None, right: int | None) -> Carriers:
    """The pixel groups that carry a dimension, of each image the one it contributes most to.

    Where both sides are the same images, of those with the highest and the lowest activation.
    Otherwise of each side's from the highest activation down, taken from the whole range, more of
    them from its upper end. Two queries. Raises InvalidError for an unknown dimension.
    """
    store = chosen.store
    check_dimension(dimension, len(store.activations))
    one, other = sides(chosen, left, right)
    opposite = bool(np.array_equal(one, other))
    if opposite:
        rows = _extremes(store, one, dimension)
    else:
        rows = _ranked(store, one, dimension), _ranked(store, other, dimension)
    groups = _strongest_groups(store, np.concatenate(rows), dimension)
    first, second = (
        tuple(_carrier(store, int(row), dimension, groups) for row in side) for side in rows
    )
    return Carriers(first, second, opposite)


def _extremes(
    store: ColumnStore, rows: Rows, dimension: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The highest, from the top down, and the lowest, from the bottom up; none is both."""
    found = np.flatnonzero(rows)
    rising = found[np.argsort(store.activations[dimension][found], kind="stable")]
    shown = min(CARRIERS, (len(rising) + 1) // 2)
    return rising[::-1][:shown], rising[: min(shown, len(rising) - shown)]


def _ranked(store: ColumnStore, rows: Rows, dimension: int) -> NDArray[np.int64]:
    found = np.flatnonzero(rows)
    if not len(found):
        return found
    activations = store.activations[dimension]
    highest = found[np.argmax(activations[found])]
    found = np.unique(np.append(_sampled(found), highest))
    falling = found[np.argsort(-activations[found], kind="stable")]
    shown = min(CARRIERS, len(falling))
    ranks = np.linspace(0.0, 1.0, shown) ** 2 * (len(falling) - 1)
    shown_rows: NDArray[np.int64] = falling[
        np.unique(np.maximum(ranks.astype(int), np.arange(shown)))
    ]
    return shown_rows


def _sampled(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most `SAMPLED` of these rows, evenly taken."""
    if len(rows) <= SAMPLED:
        return rows
    taken: NDArray[np.int64] = rows[np.linspace(0, len(rows) - 1, SAMPLED).astype(int)]
    return taken


def _strongest_groups(
    store: ColumnStore, rows: NDArray[np.int64], dimension: int
) -> dict[int, tuple[int, float]]:
    """By image, the pixel group to which a dimension contributes most, and how much."""
    found = session().execute(
        select(PixelGroup.image_id, PixelGroup.id, PixelGroup.by_dimension).where(
            PixelGroup.version_id == store.version_id,
            PixelGroup.image_id.in_([int(each) for each in store.image_ids[rows]]),
        )
    )
    strongest: dict[int, tuple[int, float]] = {}
    for image_id, group_id, contributions in found:
        known = strongest.get(image_id)
        if known is None or abs(contributions[dimension]) > abs(known[1]):
            strongest[image_id] = group_id, contributions[dimension]
    return strongest


def _carrier(
    store: ColumnStore, row: int, dimension: int, groups: dict[int, tuple[int, float]]
) -> Carrier:
    image_id = int(store.image_ids[row])
    group_id, contribution = groups.get(image_id, (None, 0.0))
    return Carrier(
        image_id=image_id,
        group_id=group_id,
        activation=float(store.activations[dimension, row]),
        contribution=contribution,
        p=float(store.p[row]),
        label=label_of(int(store.labels[row])),
    )


def sides(chosen: Chosen, left: int | None, right: int | None) -> tuple[Rows, Rows]:
    """The images of both sides: each those of a cell, or the selected, or all that pass."""
    return (
        chosen.selected if left is None else _cell(chosen, left),
        chosen.filtered if right is None else _cell(chosen, right),
    )


def _cell(chosen: Chosen, cell_id: int) -> Rows:
    store = chosen.store
    return chosen.filtered & in_cell(store, find_cell(store.version_id, cell_id))


def _activations(store: ColumnStore, rows: Rows) -> NDArray[np.float32]:
    """(K, image), of a sample."""
    found: NDArray[np.float32] = store.activations[:, _sampled(np.flatnonzero(rows))]
    return found


def _distributions(
    values: NDArray[np.float32],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    images: int,
) -> list[Distribution]:
    """The distribution of each dimension over a side's sample (K, image)."""
    if not values.shape[1]:
        return [Distribution((), None, None, 0)] * len(values)
    densities = _densities(values, low, high)
    means = values.mean(axis=1)
    quartiles = _quantiles(values, (0.25, 0.5, 0.75))
    return [
        Distribution(
            density=tuple(map(float, densities[index])),
            mean=float(means[index]),
            quartiles=(
                float(quartiles[0, index]),
                float(quartiles[1, index]),
                float(quartiles[2, index]),
            ),
            images=images,
        )
        for index in range(len(values))
    ]


def _quantiles(values: NDArray[np.float32], shares: tuple[float, ...]) -> NDArray[np.float32]:
    """Quantiles (share, K) of each dimension; 0 where there are no images."""
    if not values.shape[1]:
        return np.zeros((len(shares), len(values)), np.float32)
    return np.quantile(values, shares, axis=1).astype(np.float32)


def _densities(
    values: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Histograms (K, bin) of each dimension from low to high, smoothed, the highest bin at 1."""
    dimensions = len(values)
    shares = np.clip((values - low[:, None]) / (high - low)[:, None], 0.0, 1.0)
    bins = np.minimum((shares * BINS).astype(np.int64), BINS - 1)
    flat = bins + BINS * np.arange(dimensions)[:, None]
    counts = np.bincount(flat.ravel(), minlength=BINS * dimensions).reshape(dimensions, BINS)
    smooth = gaussian_filter1d(counts.astype(np.float64), sigma=1.2, mode="nearest", axis=1)
    peaks = np.maximum(smooth.max(axis=1, keepdims=True), 1e-12)
    return np.asarray(smooth / peaks, np.float64)
