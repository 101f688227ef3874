"""Lift of a pattern: its share among misclassified images over its share among all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from workbench.analysis.groups import GroupSums
from workbench.analysis.intervals import Estimate, Z, effective_part


def lifts(sums: GroupSums, wrong: Sequence[int], right: Sequence[int]) -> list[Estimate | None]:
    """Compute each pattern's share of misclassified images over its share of all images.

    sums: the images by kind and by pattern. wrong, right: kinds that are misclassified, or not.

    None where images cannot tell: none or all of them are misclassified, or none or all have the
    pattern. The interval is that of the relative risk (logarithm with half an image added to each
    count, after Walter, Biometrika 1975), carried over to the lift at the given share of errors; so
    it has a width also where no misclassified image has the pattern, or only such images have it.
    Counts are effective ones: images of one group are not independent (ADR 34).
    """
    of_wrong, of_right = sums.counts[list(wrong)].sum(), sums.counts[list(right)].sum()
    with_wrong, with_right = sums.hits[:, list(wrong)].sum(1), sums.hits[:, list(right)].sum(1)
    with_it, total = with_wrong + with_right, of_wrong + of_right
    telling = (of_wrong > 0) & (of_right > 0) & (with_it > 0) & (with_it < total)
    if not telling.any():
        return [None] * len(telling)
    value = with_wrong / of_wrong / np.where(telling, with_it / total, 1.0)
    largest = total / of_wrong
    part = _effective_part(sums, list(wrong), list(right))
    low, high = _relative_risk(
        part * with_wrong, part * of_wrong, part * with_right, part * of_right
    )
    share = of_wrong / total
    # Less than one image of a kind tells nothing, half an image added to it would.
    unknown = part * min(of_wrong, of_right) < 1 - 1e-9
    low = np.where((with_wrong > 0) & ~unknown, _lift_at(low, share), 0.0)
    high = np.where((with_right > 0) & ~unknown, _lift_at(high, share), largest)
    return [
        Estimate(float(at), float(min(lowest, at)), float(max(highest, at))) if known else None
        for known, at, lowest, highest in zip(telling, value, low, high, strict=True)
    ]


def _relative_risk(
    with_wrong: Float[ndarray, " pattern"],
    wrong: Float[ndarray, " pattern"],
    with_right: Float[ndarray, " pattern"],
    right: Float[ndarray, " pattern"],
) -> tuple[Float[ndarray, " pattern"], Float[ndarray, " pattern"]]:
    """The interval of the logarithm of the share in wrong images over that in right ones."""
    risk = np.log((with_wrong + 0.5) / (wrong + 0.5) / ((with_right + 0.5) / (right + 0.5)))
    error = np.sqrt(_variance(with_wrong, wrong) + _variance(with_right, right))
    return risk - Z * error, risk + Z * error


def _variance(
    hits: Float[ndarray, " pattern"], images: Float[ndarray, " pattern"] | np.float64
) -> Float[ndarray, " pattern"]:
    """Of the logarithm of the share of hits among independent images, half an image added."""
    return np.asarray(1 / (hits + 0.5) - 1 / (images + 0.5))


def _effective_part(
    sums: GroupSums, wrong: list[int], right: list[int]
) -> Float[ndarray, " pattern"]:
    """Which part of the images would tell as much of the relative risk if they were independent.

    The variance between groups is that of the difference of both shares' logarithms, linearised: a
    group with wrong and right images counts in both. A share of 0 does not tell its own: groups
    then count as uniform.
    """
    of_hits, of_all = np.zeros((2, *sums.hits.shape))
    between, alone = np.zeros((2, len(sums.hits)))
    for kinds, sign in ((wrong, 1.0), (right, -1.0)):
        images, hits = sums.counts[kinds].sum(), sums.hits[:, kinds].sum(axis=1)
        weight = sign / (hits + 0.5)
        of_hits[:, kinds] = weight[:, None]
        of_all[:, kinds] = -(weight * hits / images)[:, None]
        own = np.where(hits == 0, _variance(hits, images), 0.0)
        alone += own
        between += own * sums.products[np.ix_(kinds, kinds)].sum() / images
    between += sums.squares(of_hits, of_all)
    alone += sums.apart().squares(of_hits, of_all)
    ratio = np.where(alone > 0, between / np.where(alone > 0, alone, 1.0), 1.0)
    return effective_part(ratio, float(sums.counts.sum()), sums.group_count([*wrong, *right]))


def _lift_at(log_risk: Float[ndarray, " pattern"], share: np.float64) -> Float[ndarray, " pattern"]:
    """The lift at a relative risk, where this share of the images is misclassified."""
    risk = np.exp(log_risk)
    found: Float[ndarray, " pattern"] = risk / (share * risk + 1 - share)
    return found
