"""The distribution of each distilled dimension, over a cell or over all images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from sqlalchemy import select

from workbench.config import Settings
from workbench.services import current
from workbench.services.overview import find_cell, inside
from workbench.services.version_files import activations_of, logit_weights_of, readings_of
from workbench.store.database import session
from workbench.store.results import Prediction

BINS = 24
SAMPLED = 4000


@dataclass(frozen=True)
class Violin:
    """One dimension: densities from low to high activation (peak 1), A and perhaps B."""

    index: int
    weight: float
    reads: str
    """Of the embedding, in words; empty where that is not known."""
    density_a: tuple[float, ...]
    density_b: tuple[float, ...] | None
    mean_a: float
    mean_b: float | None
    high: float


def violins(version_id: int, cell_a: int | None, cell_b: int | None) -> tuple[Violin, ...]:
    """All dimensions, with cell A against cell B; without A, over all images (a sample of them)."""
    settings = current.settings()
    a = _activations(version_id, cell_a, settings)
    b = _activations(version_id, cell_b, settings) if cell_b is not None else None
    weights = logit_weights_of(version_id, settings)
    readings = readings_of(version_id)
    return tuple(
        _violin(index, float(weight), reads, a[:, index], b[:, index] if b is not None else None)
        for index, (weight, reads) in enumerate(zip(weights, readings, strict=True))
    )


def _activations(version_id: int, cell_id: int | None, settings: Settings) -> NDArray[np.float32]:
    condition = (
        inside(find_cell(version_id, cell_id))
        if cell_id is not None
        else Prediction.version_id == version_id
    )
    places = (
        session()
        .execute(
            select(Prediction.shard_id, Prediction.row)
            .where(condition)
            .order_by(Prediction.image_id)
            .limit(SAMPLED)
        )
        .tuples()
        .all()
    )
    return activations_of(places, settings)


def _violin(
    index: int,
    weight: float,
    reads: str,
    a: NDArray[np.float32],
    b: NDArray[np.float32] | None,
) -> Violin:
    both = a if b is None else np.concatenate([a, b])
    # Not the maximum: one far image would squeeze all others to the bottom.
    high = float(np.percentile(both, 99.0)) if len(both) else 0.0
    high = high or 1.0
    return Violin(
        index=index,
        weight=weight,
        reads=reads,
        density_a=_density(a, high),
        density_b=None if b is None else _density(b, high),
        mean_a=float(a.mean()) if len(a) else 0.0,
        mean_b=float(b.mean()) if b is not None and len(b) else None,
        high=high,
    )


def _density(values: NDArray[np.float32], high: float) -> tuple[float, ...]:
    counts = np.histogram(np.minimum(values, high), bins=BINS, range=(0.0, high))[0].astype(float)
    smooth = gaussian_filter1d(counts, sigma=1.2, mode="nearest")
    peak = smooth.max()
    return tuple(float(each) for each in (smooth / peak if peak > 0 else smooth))
