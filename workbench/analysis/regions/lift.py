"""How much more often a pattern is met among misclassified images than among all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Integer
from numpy import ndarray


@dataclass(frozen=True)
class Lift:
    """How much more often a pattern is met among misclassified images; 1 is no more than usual."""

    value: float
    low: float
    high: float


def lift(
    has_pattern: Bool[ndarray, " image"], wrong: Bool[ndarray, " image"], *, seed: int
) -> Lift:
    """The lift of one pattern over images; see `lifts`."""
    counts = [
        np.sum(has_pattern & wrong),
        np.sum(has_pattern & ~wrong),
        np.sum(~has_pattern & wrong),
        np.sum(~has_pattern & ~wrong),
    ]
    return lifts(np.array([counts]), seed=seed)[0]


def lifts(counts: Integer[ndarray, "pattern 4"], *, seed: int) -> list[Lift]:
    """Share of misclassified images with a pattern, over the share of all images with it.

    `counts` are the images with the pattern that are wrong and that are not, then those without
    it. The interval holds 95 % of 1,000 bootstrap resamples of the images. Without misclassified
    images, or without the pattern, nothing is known: the lift is 1 and the interval [0, inf)
    closed at 99.
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
    for place, *figures in zip(
        np.flatnonzero(known), _lift_of(counts[known]), low, np.minimum(high, 99.0), strict=True
    ):
        found[place] = Lift(*map(float, figures))
    return found


def _lift_of(counts: Integer[ndarray, "*sample 4"]) -> Float[ndarray, "*sample"]:
    both, only_pattern, only_wrong, _neither = np.moveaxis(counts, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        among_wrong = both / (both + only_wrong)
        among_all = (both + only_pattern) / counts.sum(axis=-1)
        ratio: Float[ndarray, "*sample"] = among_wrong / among_all
    return ratio
