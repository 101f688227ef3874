"""What images are nearest to each other by content: copies that hashes miss, and outliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

NEIGHBOURS: Final = 10
"""An image's distance from those of its label is the mean over so many."""

MOST_COMPARED: Final = 3
"""With so many of the nearest an image is compared pixel by pixel."""

LEAST_COSINE: Final = 0.6
"""Of embeddings in the space of their leading components, from which on two are compared."""

LEAST_AGREEMENT: Final = 0.8
"""Of what two pictures show in detail, from which on one is called a copy of the other."""

MOST_PAIRS: Final = 20_000
"""So many are compared at most, the nearest first: some twenty seconds."""

_BLOCK: Final = 512


@dataclass(frozen=True)
class Nearest:
    """Each image's nearest ones.

    pairs: (pair, 2) images that may show the same, each pair once, the nearest first.
    cosines: of each pair.
    distance: mean cosine distance to the nearest of the same label; NaN where there are too few.
    """

    pairs: Integer[ndarray, "pair 2"]
    cosines: Float[ndarray, " pair"]
    distance: Float[ndarray, " image"]


def nearest(
    vectors: Float[ndarray, "image length"],
    label: Integer[ndarray, " image"],
    *,
    least_cosine: float,
) -> Nearest:
    """Find each image's nearest ones by cosine: exactly, a block at a time.

    vectors: of norm 1. label: a code each; images are compared by distance within it.
    least_cosine: of the pairs.
    """
    count = len(vectors)
    rows: list[Integer[ndarray, " pair"]] = []
    others: list[Integer[ndarray, " pair"]] = []
    values: list[Float[ndarray, " pair"]] = []
    distance = np.full(count, np.nan)
    for start in range(0, count, _BLOCK):
        block = np.arange(start, min(start + _BLOCK, count))
        cosines = vectors[block] @ vectors.T
        cosines[np.arange(len(block)), block] = -np.inf
        most = np.argpartition(-cosines, min(MOST_COMPARED, count) - 1, axis=1)[:, :MOST_COMPARED]
        near = np.take_along_axis(cosines, most, axis=1)
        at, which = np.nonzero(near >= least_cosine)
        rows.append(block[at])
        others.append(most[at, which])
        values.append(near[at, which].astype(np.float64))
        for code in np.unique(label[block]):
            own = label[block] == code
            alike = cosines[own][:, label == code]
            if alike.shape[1] > NEIGHBOURS:
                kept = -np.partition(-alike, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
                distance[block[own]] = 1.0 - kept.mean(axis=1)
    pairs, cosine = _once(*map(np.concatenate, (rows, others, values)))
    return Nearest(pairs, cosine, distance)


def _once(
    first: Integer[ndarray, " pair"],
    second: Integer[ndarray, " pair"],
    cosine: Float[ndarray, " pair"],
) -> tuple[Integer[ndarray, "once 2"], Float[ndarray, " once"]]:
    pairs = np.sort(np.stack([first, second], axis=1), axis=1)
    kept, at = np.unique(pairs, axis=0, return_index=True)
    order = np.argsort(-cosine[at], kind="stable")
    return kept[order], cosine[at][order]


FAR: Final = 5.0
"""Robust standard deviations above the median from which on an image is an outlier."""


def outliers(
    distance: Float[ndarray, " image"], label: Integer[ndarray, " image"]
) -> tuple[Integer[ndarray, " outlier"], Float[ndarray, " outlier"]]:
    """Find images far from those of their label, the farthest first; how far each is.

    In robust standard deviations (1.4826 times the median absolute deviation) above the median of
    the label, of the distances' logarithms: distances have a long tail.
    """
    far = np.full(len(distance), -np.inf)
    for code in np.unique(label):
        own = (label == code) & np.isfinite(distance)
        if not own.any():
            continue
        logs = np.log(np.maximum(distance[own], 1e-6))
        middle = np.median(logs)
        spread = 1.4826 * np.median(np.abs(logs - middle))
        if spread > 0:
            far[own] = (logs - middle) / spread
    found = np.flatnonzero(far > FAR)
    order = np.argsort(-far[found], kind="stable")
    return found[order], far[found][order]
