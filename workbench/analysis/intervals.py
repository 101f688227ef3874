"""95% confidence intervals of shares; images of one group are not independent.

A share's variance is taken between groups (linearised) and turned into the number of independent
images that would tell as much, for intervals of independent images (ADR 34).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy import ndarray
from scipy.special import stdtrit

from workbench.analysis.groups import GroupSums, group_sums

Z = 1.959963984540054
"""The 97.5% quantile of the normal distribution."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95% confidence interval."""

    value: float
    low: float
    high: float


def share_with_interval(
    hits: Bool[ndarray, " image"], group: Shaped[ndarray, " image"]
) -> Estimate | None:
    """Compute the share of images that are hits, with its interval; None without images."""
    index = np.unique(group, return_inverse=True)[1]
    kind = np.zeros(len(hits), np.int64)
    return shares_with_intervals(group_sums(index, kind, [(index[hits], kind[hits])], 1), [0])[0]


def shares_with_intervals(sums: GroupSums, kinds: Sequence[int]) -> list[Estimate | None]:
    """Compute which share of the images of some kinds has each trait, with Wilson's interval.

    None without such images. An interval has a width and holds the share whatever the counts; that
    of images of one group is all from 0 to 1. Wilson, JASA 1927; at effective sizes: Franco,
    Little, Louis and Slud, Journal of Survey Statistics and Methodology 2019.
    """
    chosen = list(kinds)
    images = sums.counts[chosen].sum()
    if not images:
        return [None] * len(sums.hits)
    share = sums.hits[:, chosen].sum(axis=1) / images
    size = _effective_size(sums, chosen, share)
    centre = (share * size + Z**2 / 2) / (size + Z**2)
    half = Z / (size + Z**2) * np.sqrt(share * (1 - share) * size + Z**2 / 4)
    low, high = np.clip(centre - half, 0.0, share), np.clip(centre + half, share, 1.0)
    return [Estimate(*map(float, each)) for each in zip(share, low, high, strict=True)]


def _effective_size(
    sums: GroupSums, kinds: list[int], share: Float[ndarray, " trait"]
) -> Float[ndarray, " trait"]:
    """How many independent images would tell as much of each share.

    Where no image has the trait, or each has it, the data do not tell the design effect: groups
    then count as uniform, the most that it can be.
    """
    images, groups = sums.counts[kinds].sum(), sums.group_count(kinds)
    of_hits = np.zeros_like(sums.hits)
    of_hits[:, kinds] = 1.0
    of_all = -share[:, None] * of_hits
    alone = images * share * (1 - share)
    uniform = sums.products[np.ix_(kinds, kinds)].sum() / images
    ratio = np.where(alone > 0, sums.squares(of_hits, of_all) / np.maximum(alone, 1e-9), uniform)
    return np.asarray(images * effective_part(ratio, float(images), groups))


def effective_part(
    ratio: Float[ndarray, " trait"], images: float, groups: int
) -> Float[ndarray, " trait"]:
    """Find which part of the images would tell as much if they were independent, from 0 to 1.

    ratio: sum of squared deviations, over groups' totals by over single images.

    One over the design effect (Kish 1965), which is the ratio of the unbiased variances and taken
    for 1 at least; times the squared ratio of Student's quantiles, since so many groups tell the
    variance (Korn and Graubard 1998). 1 exactly where every image is a group of its own, 0 for one
    group.
    """
    if groups == images:
        return np.ones(len(ratio))
    if groups < 2:
        return np.zeros(len(ratio))
    unbiased = groups / (groups - 1) * (images - 1) / images
    known = (stdtrit(images - 1, 0.975) / stdtrit(groups - 1, 0.975)) ** 2
    return np.asarray(known / np.maximum(ratio * unbiased, 1.0))
