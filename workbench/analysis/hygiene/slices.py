"""Slices: groups of images on which a model errs more than on the rest, ranked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Integer
from numpy import ndarray
from scipy.special import ndtr

from workbench.analysis.intervals import Estimate, Z, share_with_interval

LEAST: Final = 10
"""A slice of images of fewer sources is not looked at, nor one that leaves fewer."""


@dataclass(frozen=True)
class Slice:
    """A slice with its error rate."""

    name: str
    images: int
    errors: int
    rate: Estimate
    rest: float
    """Error rate of all other images."""
    p: float
    """Corrected for how many slices were looked at (Holm)."""
    looked_at: int


def weak_slices(
    slices: Mapping[str, Bool[ndarray, " image"]],
    wrong: Bool[ndarray, " image"],
    group: Integer[ndarray, " image"],
    *,
    level: float = 0.05,
) -> list[Slice]:
    """Find the slices on which the model errs more than on all other images, the worst first.

    One-sided test of two shares, each with as many images as its interval's width tells (source
    groups are not independent); Holm's correction over all slices that are looked at.
    """
    looked_at = [
        (name, mask)
        for name, mask in slices.items()
        if min(len(np.unique(group[part])) for part in (mask, ~mask)) >= LEAST
    ]
    tested = []
    for name, mask in looked_at:
        inside, outside = (_rate(wrong[part], group[part]) for part in (mask, ~mask))
        spread = np.hypot(_error(inside), _error(outside))
        tested.append((float(ndtr((outside.value - inside.value) / spread)), name, mask))
    found, least = [], 0.0
    for rank, (p, name, mask) in enumerate(sorted(tested, key=lambda each: each[0])):
        least = max(least, min(p * (len(tested) - rank), 1.0))
        if least > level:
            break
        found.append(
            Slice(
                name,
                images=int(mask.sum()),
                errors=int(wrong[mask].sum()),
                rate=_rate(wrong[mask], group[mask]),
                rest=float(wrong[~mask].mean()),
                p=least,
                looked_at=len(tested),
            )
        )
    return sorted(found, key=lambda each: -each.rate.low)


def _rate(wrong: Bool[ndarray, " image"], group: Integer[ndarray, " image"]) -> Estimate:
    found = share_with_interval(wrong, group)
    return found or Estimate(0.0, 0.0, 1.0)


def _error(rate: Estimate) -> float:
    """The standard error that the width of an interval tells."""
    return (rate.high - rate.low) / (2 * Z)
