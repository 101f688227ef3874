"""Lift of a pattern: its share among misclassified images over its share among all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Integer
from numpy import ndarray


@dataclass(frozen=True)
class Lift:
    """Lift with its 95% confidence interval; 1 is no association."""

    value: float
    low: float
    high: float


def lift(
    has_pattern: Bool[ndarray, " image"], wrong: Bool[ndarray, " image"], *, seed: int
) -> Lift:
    """Compute the lift of one pattern; see `lifts`."""
    counts = [
        np.sum(has_pattern & wrong),
        np.sum(has_pattern & ~wrong),
        np.sum(~has_pattern & wrong),
        np.sum(~has_pattern & ~wrong),
    ]
    return lifts(np.array([counts]), seed=seed)[0]


def lifts(counts: Integer[ndarray, "pattern 4"], *, seed: int) -> list[Lift]:
    """Compute each pattern's share of misclassified images over its share of all images.

    counts: images with the pattern, wrong and right, then images without it, wrong and right.

    The interval is the 95% percentile interval of 1,000 bootstrap resamples of the images, its
    upper end at most 99. Without misclassified images, or without the pattern, the lift is 1 and
    the interval [0, 99].
    """
    known = ((counts[:, 0] + counts[:, 2]) > 0) & ((counts[:, 0] + counts[:, 1]) > 0)
    found = [Lift(1.0, 0.0, 99.0)] * len(counts)
    if not known.any():
        return found
    total = counts[known].sum(axis=1)
    # Resampling images with replacement draws these four counts from a multinomial.
    drawn = np.random.default_rng(seed).multinomial(
        total, counts[known] / total[:, None], size=(1000, len(total))
    )
    low, high = np.nanpercentile(_lift_of(drawn), [2.5, 97.5], axis=0)
    for row, *figures in zip(
        np.flatnonzero(known), _lift_of(counts[known]), low, np.minimum(high, 99.0), strict=True
    ):
        found[row] = Lift(*map(float, figures))
    return found


def _lift_of(counts: Integer[ndarray, "*sample 4"]) -> Float[ndarray, "*sample"]:
    both, only_pattern, only_wrong, _neither = np.moveaxis(counts, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        among_wrong = both / (both + only_wrong)
        among_all = (both + only_pattern) / counts.sum(axis=-1)
        ratio: Float[ndarray, "*sample"] = among_wrong / among_all
    return ratio
