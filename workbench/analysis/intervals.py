"""95% confidence intervals of shares where images of one group are not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Integer, Shaped
from numpy import ndarray
from scipy.special import stdtrit

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
    """Compute the share of images that are hits, with its Wilson interval; None without images.

    Images of one group are as alike as they turn out to be (`effective_sizes`).
    """
    if not len(hits):
        return None
    index = np.unique(group, return_inverse=True)[1]
    sizes, own = np.bincount(index), np.bincount(index, weights=hits)
    share = float(hits.mean())
    effective = effective_sizes(
        np.array([share]),
        len(hits),
        residuals=np.array([((own - share * sizes) ** 2).sum()]),
        squares=float((sizes.astype(np.float64) ** 2).sum()),
        groups=len(sizes),
    )
    return wilson(np.array([share]), effective)[0]


def effective_sizes(
    share: Float[ndarray, " share"],
    images: int,
    *,
    residuals: Float[ndarray, " share"],
    squares: float,
    groups: int,
) -> Float[ndarray, " share"]:
    """Compute how many independent images would tell as much of each share as these do.

    residuals: sum over groups of (hits - share x images)², of the group.
    squares: sum over groups of images², which is what residuals grow by where groups are uniform.

    The number of images over the design effect: the share's variance between groups, linearised,
    over that of as many independent images (Kish 1965), and never below 1. Where no image is a hit,
    or each is, the data do not tell it: groups then count as uniform. The variance is known from
    this many groups only, so the size shrinks by the square of Student's quantiles' ratio (Korn and
    Graubard 1998): to nothing for one group. Exactly `images` where each is a group of its own.
    """
    if groups == images:
        return np.full(len(share), float(images))
    if groups < 2:
        return np.zeros(len(share))
    alone = images * share * (1 - share)
    uniform = alone <= 0
    effect = np.where(uniform, squares / images, residuals / np.where(uniform, 1.0, alone))
    return images / design_effect(effect, images, groups) * few_groups(images, groups)


def design_effect(
    ratio: Float[ndarray, " share"], images: int, groups: int
) -> Float[ndarray, " share"]:
    """Make sums of squares, over groups by over images, the ratio of unbiased variances; >= 1."""
    found: Float[ndarray, " share"] = np.maximum(
        ratio * groups / (groups - 1) * (images - 1) / images, 1.0
    )
    return found


def few_groups(images: int, groups: int) -> float:
    """Compute the factor of an effective size whose variance comes from so many groups; <= 1."""
    return float((stdtrit(images - 1, 0.975) / stdtrit(groups - 1, 0.975)) ** 2)


def wilson(
    share: Float[ndarray, " share"],
    size: Float[ndarray, " share"] | Integer[ndarray, " share"],
) -> list[Estimate]:
    """Compute Wilson's interval of shares of so many images, which may be effective sizes.

    It has a width and holds the share whatever the counts; of no image it is all from 0 to 1.
    Wilson, JASA 1927; at effective sizes: Franco, Little, Louis and Slud, JSSAM 2019.
    """
    centre = (share * size + Z**2 / 2) / (size + Z**2)
    half = Z / (size + Z**2) * np.sqrt(share * (1 - share) * size + Z**2 / 4)
    low, high = np.clip(centre - half, 0.0, share), np.clip(centre + half, share, 1.0)
    return [
        Estimate(float(at), float(lowest), float(highest))
        for at, lowest, highest in zip(share, low, high, strict=True)
    ]
