"""Classification metrics: AUC and accuracy with intervals that resample whole groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Integer, Shaped
from numpy import ndarray
from scipy.optimize import brentq
from scipy.stats import rankdata

from workbench.analysis.intervals import Estimate, Z, share_with_interval

RESAMPLES = 1000
_AT_ONCE = 100_000
"""So many weights of images are held at once."""
_BESIDE = 1e-9


def auc(fake: Bool[ndarray, " image"], score: Float[ndarray, " image"]) -> float | None:
    """Compute the area under the ROC curve, ties counting half; None without both labels."""
    fakes = int(fake.sum())
    reals = len(fake) - fakes
    if not fakes or not reals:
        return None
    ranks = rankdata(score)
    return float((ranks[fake].sum() - fakes * (fakes + 1) / 2) / (fakes * reals))


def auc_with_interval(
    fake: Bool[ndarray, " image"],
    score: Float[ndarray, " image"],
    group: Shaped[ndarray, " image"],
    *,
    seed: int,
) -> Estimate | None:
    """Compute AUC and its bootstrap interval over whole groups; None without both labels.

    Images of one group, of one source, are not independent: as many groups as there are get drawn
    with replacement, each with all its images, 1,000 times; the limits are percentiles of the
    draws' AUCs. Where every group has one label, those of each label are drawn among themselves,
    which for groups of one image is the bootstrap stratified by label; where some group has both,
    all are drawn together, and a draw with one label is refused.

    Where resampling cannot tell, since a label lies in a single group or every draw has the same
    AUC (1.0 of 20 images), the interval is Newcombe's, with groups for images: it has a width.
    """
    value = auc(fake, score)
    if value is None:
        return None
    index = np.unique(group, return_inverse=True)[1]
    fakes, reals = np.unique(index[fake]), np.unique(index[~fake])
    mixed = len(np.intersect1d(fakes, reals)) > 0
    strata = [np.arange(index.max() + 1)] if mixed else [fakes, reals]
    order = np.argsort(score, kind="stable")
    ties = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    drawn = np.concatenate(
        [
            _weighted_auc(fake[order], times[:, index[order]], ties)
            for times in _draws(strata, len(fake), seed)
        ]
    )
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    if min(len(fakes), len(reals)) < 2 or low == high:
        low, high = _newcombe(value, len(fakes), len(reals))
    return Estimate(value, float(min(low, value)), float(max(high, value)))


def _draws(
    strata: list[Integer[ndarray, " _"]], images: int, seed: int
) -> Iterator[Integer[ndarray, "draw group"]]:
    """How often each group is drawn: as many of each stratum as it has, some draws at a time.

    Each stratum has a generator of its own, so draws do not depend on how many are made at once.
    """
    generators = np.random.default_rng(seed).spawn(len(strata))
    groups = sum(len(stratum) for stratum in strata)
    lot = max(_AT_ONCE // images, 1)
    for start in range(0, RESAMPLES, lot):
        draws = min(lot, RESAMPLES - start)
        times = np.zeros((draws, groups), dtype=np.int64)
        row = np.arange(draws)[:, None] * groups
        for stratum, generator in zip(strata, generators, strict=True):
            chosen = stratum[generator.integers(len(stratum), size=(draws, len(stratum)))]
            times += np.bincount((row + chosen).ravel(), minlength=times.size).reshape(times.shape)
        yield times


def _weighted_auc(
    fake: Bool[ndarray, " image"],
    times: Integer[ndarray, "draw image"],
    ties: Integer[ndarray, " tie"],
) -> Float[ndarray, " draw"]:
    """AUC of each draw, which has an image so many times; NaN where it has one label.

    Images are in the order of their scores, `ties` are the first of each score.
    """
    fakes = np.add.reduceat(times * fake, ties, axis=1)
    reals = np.add.reduceat(times * ~fake, ties, axis=1)
    won = (fakes * (np.cumsum(reals, axis=1) - reals / 2)).sum(axis=1)
    pairs = fakes.sum(axis=1) * reals.sum(axis=1)
    found: Float[ndarray, " draw"] = np.where(pairs > 0, won / np.maximum(pairs, 1), np.nan)
    return found


def _newcombe(value: float, fakes: int, reals: int) -> tuple[float, float]:
    """Interval of an AUC from its value and counts (method 5 of Newcombe, Stat. Med. 2006).

    Its limits are the values from which the observed one lies `Z` of their own standard errors
    away.
    """
    more = (fakes + reals) / 2 - 1

    def distance(limit: float) -> float:
        pairs = 1 + more * ((1 - limit) / (2 - limit) + limit / (1 + limit))
        variance = limit * (1 - limit) * pairs / (fakes * reals)
        return float((value - limit) ** 2 - Z**2 * variance)

    # At 0 and 1 the value is a root itself: the other one is looked for, from beside it.
    low = float(brentq(distance, 0.0, min(value, 1 - _BESIDE))) if value > 0 else 0.0
    high = float(brentq(distance, max(value, _BESIDE), 1.0)) if value < 1 else 1.0
    return low, high


def accuracy(
    fake: Bool[ndarray, " image"],
    score: Float[ndarray, " image"],
    group: Shaped[ndarray, " image"],
) -> Estimate | None:
    """Compute the accuracy at threshold 0, with its interval over groups; None without images."""
    return share_with_interval((score > 0) == fake, group)
