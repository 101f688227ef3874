"""Nearest-neighbour search: a reduced space, and an approximate index in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt64
from numpy import ndarray
from usearch.index import Index

COMPONENTS = 64
FITTED_ON = 5000
"""Most vectors that a space is fitted on; more would hardly change its leading components."""
_EXPANSION = 128
"""Candidates of a search: twice the library's default, for a recall above 0.99."""


@dataclass(frozen=True)
class Space:
    """Leading principal components of standardised vectors.

    mean: of each feature.
    axes: loadings of the components, divided by the features' standard deviations.
    """

    mean: Float[ndarray, " feature"]
    axes: Float[ndarray, "feature component"]

    def transform(
        self, vectors: Float[ndarray, "vector feature"]
    ) -> Float[ndarray, "vector length"]:
        """Project vectors and normalise them to norm 1; 0 where a vector is the mean."""
        return unit((vectors - self.mean) @ self.axes)


def fit_space(sample: Float[ndarray, "vector feature"], *, seed: int) -> Space:
    """Fit the space of a sample; deterministic for a seed.

    At most `COMPONENTS` components, fewer where the sample has a lower rank. Constant features
    have no weight; where all are constant, every vector becomes 0.
    """
    from sklearn.decomposition import PCA  # noqa: PLC0415 - searching does not need it

    mean = sample.mean(axis=0)
    varying = np.ptp(sample, axis=0) > 0
    scale = np.where(varying, sample.std(axis=0), 1.0).astype(np.float32)
    count = min(COMPONENTS, len(sample) - 1, int(varying.sum()))
    if count < 1:
        return Space(mean, np.zeros((sample.shape[1], 1), dtype=np.float32))
    found = PCA(count, svd_solver="randomized", random_state=seed).fit((sample - mean) / scale)
    axes = found.components_ * varying / scale
    return Space(mean, np.ascontiguousarray(axes.T, dtype=np.float32))


def unit(vectors: Float[ndarray, "vector length"]) -> Float[ndarray, "vector length"]:
    """Normalise vectors to norm 1; 0 stays 0."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Float[ndarray, "vector length"] = (vectors / np.where(length > 0, length, 1.0)).astype(
        np.float32
    )
    return found


def empty_index(length: int) -> Index:
    """Make an empty index by cosine, of float16 vectors of this length."""
    return Index(
        ndim=length,
        metric="cos",
        dtype="f16",
        expansion_add=_EXPANSION,
        expansion_search=_EXPANSION,
        enable_key_lookups=False,
    )


def extend(
    index: Index, keys: UInt64[ndarray, " vector"], vectors: Float[ndarray, "vector length"]
) -> None:
    """Add vectors under their keys; on one thread, so that the index is deterministic."""
    index.add(keys, vectors, threads=1)


def view_index(path: Path) -> Index:
    """Open an index file, memory-mapped."""
    return Index.restore(
        path, view=True, expansion_search=_EXPANSION, enable_key_lookups=False
    ) or empty_index(1)


def nearest(
    index: Index, vector: Float[ndarray, " length"], count: int
) -> tuple[UInt64[ndarray, " found"], Float[ndarray, " found"]]:
    """Find the keys of the nearest vectors, nearest first, with their cosines in [-1, 1].

    The cosine of 0 with any other vector counts as 0.
    """
    if not len(index):
        return np.empty(0, dtype=np.uint64), np.empty(0)
    matches = index.search(vector, min(count, len(index)), threads=1)
    cosines = np.clip(1.0 - np.asarray(matches.distances, dtype=np.float64), -1.0, 1.0)
    return np.asarray(matches.keys, dtype=np.uint64), cosines
