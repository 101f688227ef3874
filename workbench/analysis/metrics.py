"""Classification metrics: AUC with a bootstrap interval, accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.stats import rankdata

RESAMPLES = 1000


@dataclass(frozen=True)
class Auc:
    """Area under the ROC curve with its 95% confidence interval."""

    value: float
    low: float
    high: float


def auc(fake: Bool[ndarray, " image"], score: Float[ndarray, " image"]) -> float | None:
    """Compute the area under the ROC curve, ties counting half; None without both labels."""
    fakes = int(fake.sum())
    reals = len(fake) - fakes
    if not fakes or not reals:
        return None
    ranks = rankdata(score)
    return float((ranks[fake].sum() - fakes * (fakes + 1) / 2) / (fakes * reals))


def auc_with_interval(
    fake: Bool[ndarray, " image"], score: Float[ndarray, " image"], *, seed: int
) -> Auc | None:
    """Compute AUC and its percentile bootstrap interval (1,000 resamples within each label)."""
    value = auc(fake, score)
    if value is None:
        return None
    generator = np.random.default_rng(seed)
    fakes, reals = np.flatnonzero(fake), np.flatnonzero(~fake)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate(
            [generator.choice(fakes, len(fakes)), generator.choice(reals, len(reals))]
        )
        drawn.append(auc(fake[chosen], score[chosen]))
    low, high = np.percentile(np.array(drawn, dtype=float), [2.5, 97.5])
    return Auc(value, float(low), float(high))


def accuracy(fake: Bool[ndarray, " image"], score: Float[ndarray, " image"]) -> float | None:
    """Compute the accuracy at threshold 0; None without images."""
    return float(np.mean((score > 0) == fake)) if len(fake) else None
