"""Bootstrap confidence intervals over groups of images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from workbench.analysis.metrics import RESAMPLES


@dataclass(frozen=True)
class Interval:
    """A mean with its 95% confidence interval."""

    value: float
    low: float
    high: float


def mean_with_interval(
    values: Float[ndarray, " image"], group: Shaped[ndarray, " image"], *, seed: int
) -> Interval:
    """Compute the mean over images and its percentile bootstrap interval over whole groups.

    1,000 resamples. Images of one source are alike: resampled one by one, they would count as more
    evidence than they are. Of paired differences this is the paired bootstrap. NaN without images.
    """
    if not len(values):
        return Interval(np.nan, np.nan, np.nan)
    group_index = np.unique(group, return_inverse=True)[1]
    total, count = np.bincount(group_index, weights=values), np.bincount(group_index)
    drawn = np.random.default_rng(seed).integers(len(count), size=(RESAMPLES, len(count)))
    low, high = np.percentile(total[drawn].sum(axis=1) / count[drawn].sum(axis=1), [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))
