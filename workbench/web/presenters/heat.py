"""The large image's heatmap: its legend, its colours for the script, labels of pixel groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.services.image.detail import GroupView
from workbench.services.image.media import MapKey
from workbench.web.site.formatting import signed

LEGEND_WIDTH = 320.0
BAR_LEFT = 28.0
"""Room for the outermost ticks' words on either side of the colour bar."""
BAR_WIDTH = LEGEND_WIDTH - 2 * BAR_LEFT
TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""In shares of the scale."""
STOPS = 32
"""Colours from one end of the bar to the other; more cannot be told apart."""
LETTER_SHARE = 0.034
"""Height of a label's letters, as a share of the image's side."""
LETTER_WIDTH = 0.64
"""Mean width of a digit, as a share of its height."""


@dataclass(frozen=True)
class Stop:
    """A colour of the bar; `offset` and `opacity` are in [0, 1]."""

    offset: float
    colour: str
    opacity: float


@dataclass(frozen=True)
class Tick:
    """A mark below the bar, with its value in logits a patch."""

    x: float
    words: str


@dataclass(frozen=True)
class Legend:
    """The colour bar of a version's heatmaps."""

    stops: tuple[Stop, ...]
    ticks: tuple[Tick, ...]
    decimals: int
    """Digits after the point that a contribution of a patch is shown with."""
    ramp: str
    """The 256 colours as one text of RGBA in hexadecimal digits, for the script."""


@dataclass(frozen=True)
class Label:
    """A pixel group's contribution, written into the image around (x, y)."""

    group_id: int
    x: float
    y: float
    words: str
    toward_fake: bool


def legend(key: MapKey) -> Legend:
    """The bar from -scale (left, toward real) to +scale, and what the script needs."""
    decimals = _decimals(key.scale)
    lowest, span = key.zero - key.steps, 2 * key.steps
    levels = [lowest + round(span * part / STOPS) for part in range(STOPS + 1)]
    return Legend(
        stops=tuple(_stop(key, level, (level - lowest) / span) for level in levels),
        ticks=tuple(
            Tick(
                BAR_LEFT + BAR_WIDTH * (1 + share) / 2,
                _bound(share) + signed(share * key.scale, decimals) if share else "0",
            )
            for share in TICKS
        ),
        decimals=decimals,
        ramp="".join(f"{part:02x}" for colour in key.ramp for part in colour),
    )


def _decimals(scale: float) -> int:
    """As few as tell thirty contributions from 0 to the scale apart: 3 for 0.1, 2 for 0.8."""
    return max(1, math.ceil(math.log10(30 / scale) - 1e-9))


def _bound(share: float) -> str:
    """Contributions beyond the scale have the colour of its end."""
    if abs(share) < 1:
        return ""
    return "≥ " if share > 0 else "≤ "


def _stop(key: MapKey, level: int, offset: float) -> Stop:
    red, green, blue, opacity = key.ramp[level]
    return Stop(offset, f"#{red:02x}{green:02x}{blue:02x}", opacity / 255)


def group_labels(groups: Sequence[GroupView], size: int) -> tuple[Label, ...]:
    """A label for each group, the strongest nearest to its point; none over another if avoidable.

    All lie within the image of `size` x `size`.
    """
    height = 1.25 * LETTER_SHARE * size
    taken: list[tuple[float, float, float]] = []
    labels: list[Label] = []
    for group in sorted(groups, key=lambda each: -abs(each.contribution)):
        words = signed(group.contribution)
        width = LETTER_WIDTH * LETTER_SHARE * size * len(words)
        x, y = _free_point(group.label_point, width, height, taken, size)
        taken.append((x, y, width))
        labels.append(Label(group.id, x, y, words, group.contribution >= 0))
    return tuple(labels)


def _free_point(
    wanted: tuple[int, int],
    width: float,
    height: float,
    taken: Sequence[tuple[float, float, float]],
    size: int,
) -> tuple[float, float]:
    def overlap(point: tuple[float, float]) -> float:
        total = 0.0
        for x, y, other in taken:
            across = (width + other) / 2 - abs(x - point[0])
            along = height - abs(y - point[1])
            total += max(across, 0.0) * max(along, 0.0)
        return total

    def within(value: float, extent: float) -> float:
        return min(max(value, extent / 2), size - extent / 2)

    shifts = sorted(
        ((right, down) for right in range(-2, 3) for down in range(-4, 5)),
        key=lambda shift: (shift[0] * width) ** 2 + (shift[1] * height / 2) ** 2,
    )
    points = [
        (within(wanted[0] + right * width, width), within(wanted[1] + down * height / 2, height))
        for right, down in shifts
    ]
    # The nearest of those that overlap least.
    return min(points, key=overlap)
