"""Lift of a pattern: its share among misclassified images over its share among all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

_Z = 1.959963984540054
"""The 97.5% quantile of the normal distribution: for intervals of 95%."""


@dataclass(frozen=True)
class Lift:
    """Lift with its 95% confidence interval; 1 is no association."""

    value: float
    low: float
    high: float


def lifts(counts: Integer[ndarray, "pattern 4"]) -> list[Lift | None]:
    """Compute each pattern's share of misclassified images over its share of all images.

    counts: images with the pattern, misclassified and correct, then images without it, likewise.

    None where images cannot tell: none or all of them are misclassified, or none or all have the
    pattern. The interval is that of the relative risk (logarithm with half an image added to each
    count, after Walter, Biometrika 1975), carried over to the lift at the given share of errors; so
    it has a width also where no misclassified image has the pattern, or only such images have it.
    """
    with_wrong, with_right, without_wrong, without_right = counts.astype(np.float64).T
    wrong, right = with_wrong + without_wrong, with_right + without_right
    with_it, without = with_wrong + with_right, without_wrong + without_right
    telling = (wrong > 0) & (right > 0) & (with_it > 0) & (without > 0)
    total = np.maximum(wrong + right, 1)
    value = with_wrong / np.maximum(wrong, 1) / np.where(telling, with_it / total, 1.0)
    risk = np.log((with_wrong + 0.5) / (wrong + 0.5) / ((with_right + 0.5) / (right + 0.5)))
    error = np.sqrt(
        1 / (with_wrong + 0.5) - 1 / (wrong + 0.5) + 1 / (with_right + 0.5) - 1 / (right + 0.5)
    )
    share = wrong / total
    low = np.where(with_wrong > 0, _lift_at(risk - _Z * error, share), 0.0)
    high = np.where(
        with_right > 0, _lift_at(risk + _Z * error, share), total / np.maximum(wrong, 1)
    )
    return [
        Lift(float(at), float(min(lowest, at)), float(max(highest, at))) if known else None
        for known, at, lowest, highest in zip(telling, value, low, high, strict=True)
    ]


def _lift_at(
    log_risk: Float[ndarray, " pattern"], share: Float[ndarray, " pattern"]
) -> Float[ndarray, " pattern"]:
    """The lift at a relative risk, where this share of the images is misclassified."""
    risk = np.exp(log_risk)
    found: Float[ndarray, " pattern"] = risk / (share * risk + 1 - share)
    return found
