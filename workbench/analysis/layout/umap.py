"""Layout coordinates by UMAP, in the unit square."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.stats import rankdata

from workbench.analysis.layout.compiled import UMAP

FITTED_AT_MOST = 50_000
FEWEST = 5
_BELOW_ONE = np.nextafter(1.0, 0.0)
EVENNESS = 0.6
"""Weight of the ranks in the final coordinates: 0 keeps UMAP's distances, 1 is uniform."""


def lay_out(
    activations: Float[ndarray, "image dimension"],
    *,
    seed: int,
    parent: Float[ndarray, "image 2"] | None = None,
) -> Float[ndarray, "image 2"]:
    """Compute layout coordinates (x, y) in [0, 1) of each image, from its distilled dimensions.

    UMAP (McInnes et al. 2018) with a fixed seed, fitted on at most `FITTED_AT_MOST` images, the
    rest transformed. `parent` gives the coordinates in the parent version's layout, NaN where there
    are none: the new layout is initialised with it, so that regions of the map stay where they
    were. Fewer than `FEWEST` images, or equal ones, lie on a diagonal.
    """
    count = len(activations)
    if count < FEWEST or np.ptp(activations, axis=0).max(initial=0.0) < 1e-9:
        return np.repeat((np.arange(count) + 0.5)[:, None] / max(count, 1), 2, axis=1)
    fitted = _sample(count, seed)
    scaled = activations / np.maximum(activations[fitted].std(axis=0), 1e-9)
    reducer = UMAP(
        n_neighbors=min(15, len(fitted) - 1),
        min_dist=0.1,
        random_state=seed,
        n_jobs=1,
        init=_start(parent, fitted, seed) if len(fitted) > 3 * FEWEST else "random",
    )
    coordinates = np.empty((count, 2))
    coordinates[fitted] = reducer.fit_transform(scaled[fitted])
    rest = np.setdiff1d(np.arange(count), fitted)
    if len(rest):
        coordinates[rest] = reducer.transform(scaled[rest])
    return _into_unit_square(coordinates)


def _sample(count: int, seed: int) -> ndarray:
    if count <= FITTED_AT_MOST:
        return np.arange(count)
    chosen = np.random.default_rng(seed).choice(count, FITTED_AT_MOST, replace=False)
    return np.sort(chosen)


def _start(
    parent: Float[ndarray, "image 2"] | None, fitted: ndarray, seed: int
) -> str | Float[ndarray, "image 2"]:
    if parent is None or not np.isfinite(parent[fitted]).any():
        return "spectral"
    start = parent[fitted].copy()
    unknown = ~np.isfinite(start).all(axis=1)
    start[unknown] = np.random.default_rng(seed).random((int(unknown.sum()), 2))
    # UMAP works in a square of about 20; images on one spot would never come apart.
    jitter = np.random.default_rng(seed).normal(scale=1e-3, size=start.shape)
    scaled: Float[ndarray, "image 2"] = (20.0 * (start + jitter) - 10.0).astype(np.float32)
    return scaled


def _into_unit_square(coordinates: Float[ndarray, "image 2"]) -> Float[ndarray, "image 2"]:
    """Scale to [0, 1), in part by rank: UMAP alone leaves most of a screen empty."""
    span = np.ptp(coordinates, axis=0)
    scaled = (coordinates - coordinates.min(axis=0)) / np.where(span > 0, span, 1.0)
    ranked = (rankdata(coordinates, axis=0) - 0.5) / len(coordinates)
    even = (1.0 - EVENNESS) * scaled + EVENNESS * ranked
    clipped: Float[ndarray, "image 2"] = np.clip(even, 0.0, _BELOW_ONE)
    return clipped
