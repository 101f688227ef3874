"""Bars and dots along one axis: contributions, and controls of a counterfactual.

Every position is in [0, width], with zero in the middle; + toward fake lies right of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DivergingBar:
    """A signed value as a bar from the middle, perhaps with a whisker of a standard deviation."""

    x: float
    width: float
    toward_fake: bool
    whisker_low: float | None = None
    whisker_high: float | None = None


@dataclass(frozen=True)
class Strip:
    """Dots of the controls and of the edit on a shared axis, over the controls' interval."""

    zero: float
    edit: float
    controls: tuple[float, ...]
    limit: float
    """The value at either end of the axis."""
    interval: tuple[float, float] | None


def scale_limit(values: Iterable[float]) -> float:
    """The largest magnitude among the values, for a shared symmetric axis; 1 where all are 0."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return largest if largest > 0 else 1.0


def diverging_bar(
    value: float, limit: float, width: float, deviation: float | None = None
) -> DivergingBar:
    """A bar for `value` on an axis from -limit to +limit, drawn `width` wide."""
    middle = width / 2
    end = position(value, limit, width)
    low = high = None
    if deviation is not None:
        low = position(value - deviation, limit, width)
        high = position(value + deviation, limit, width)
    return DivergingBar(min(middle, end), abs(end - middle), value >= 0, low, high)


def position(value: float, limit: float, width: float) -> float:
    """Where a value lies on an axis from -limit to +limit, clipped to the axis."""
    if not math.isfinite(value):
        return width / 2
    return width / 2 * (1 + min(1.0, max(-1.0, value / limit)))


def from_chance(auc: float, width: float = 100.0) -> float:
    """Where an AUC lies on an axis from 0.5, chance, to 1; below chance, at its beginning."""
    return width * min(1.0, max(0.0, 2 * (auc - 0.5)))


def control_strip(
    edit: float, controls: Sequence[float], interval: tuple[float, float] | None, width: float
) -> Strip:
    """An edit's change of the logit among the changes that its controls cause."""
    limit = scale_limit((edit, *controls, *(interval or ()))) * 1.1
    return Strip(
        zero=width / 2,
        edit=position(edit, limit, width),
        controls=tuple(position(value, limit, width) for value in controls),
        limit=limit,
        interval=interval
        and (position(interval[0], limit, width), position(interval[1], limit, width)),
    )
