"""Half violins: the distribution of one dimension's activation in two sets of images, back to back.

Drawn in a box `WIDTH` × `HEIGHT`, low activation at the bottom, the middle line at `WIDTH / 2`.
Widths are square roots of the densities: activations pile up around 0, and what tells two sets
apart is how their tails differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

WIDTH = 72.0
HEIGHT = 64.0
HALF = 31.0
"""Widest reach of a half violin from the middle."""
SPLIT = 1.0
"""White line left on each side of the middle."""

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Half:
    """One side of a violin: its outline, and the height of its mean (None: no images)."""

    path: str
    mean_y: float | None


def half_violin(density: Sequence[float], mean_y: float | None, side: Side) -> Half:
    """Outline of a density given in bins from the bottom of the axis to its top, peak 1."""
    sign = -1.0 if side == "left" else 1.0
    middle = WIDTH / 2 + sign * SPLIT
    count = len(density)
    if count == 0 or not any(value > 0 for value in density):
        return Half("", None)
    points = [
        (
            middle + sign * HALF * math.sqrt(_bounded(value)),
            HEIGHT * (1 - (index + 0.5) / count),
        )
        for index, value in enumerate(density)
    ]
    path = (
        f"M{middle:.1f} {HEIGHT:.1f}L{points[0][0]:.1f} {HEIGHT:.1f}"
        + "".join(f"L{x:.1f} {y:.1f}" for x, y in points)
        + f"L{points[-1][0]:.1f} 0.0L{middle:.1f} 0.0Z"
    )
    return Half(path, mean_y)


def height_of(activation: float | None, low: float, high: float) -> float | None:
    """Where an activation lies on an axis from `low` to `high`, clipped to it; None without one."""
    if activation is None or high <= low or not math.isfinite(activation):
        return None
    return HEIGHT * (1 - _bounded((activation - low) / (high - low)))


def _bounded(value: float) -> float:
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0
