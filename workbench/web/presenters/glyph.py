"""The cell glyph: how many images, what they are, how the model judges them, how sensitive it is.

All lengths are in units of the overview's drawing, where a cell is `CELL` wide and high. Angles
are in radians, clockwise from twelve o'clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from workbench.store.outcomes import OUTCOMES, WRONG

CELL = 48.0
GROUND = 44.0
LARGEST_RADIUS = 16.5
SMALLEST_RADIUS = 9.5
THIN = 3.0
THICK = 5.0
BAR_REACH = 17.0
"""How far the bar of the largest sensitivity reaches to its side, clear of the round corners."""
BAR_HEIGHT = 3.0
LIT_HEIGHT = 2.5
THUMBNAIL = 31.0
"""Side of a single image, clear of the bars above and below it."""
GAP = 0.09
"""Angle left open between two arcs, so that neighbours are told apart without colour."""


class Counted(Protocol):
    """What a glyph needs of a cell's counts."""

    @property
    def real_right(self) -> int: ...
    @property
    def real_called_fake(self) -> int: ...
    @property
    def fake_right(self) -> int: ...
    @property
    def fake_called_real(self) -> int: ...
    @property
    def unlabelled_called_real(self) -> int: ...
    @property
    def unlabelled_called_fake(self) -> int: ...


@dataclass(frozen=True)
class Counts:
    """Counts alone."""

    real_right: int
    real_called_fake: int
    fake_right: int
    fake_called_real: int
    unlabelled_called_real: int = 0
    unlabelled_called_fake: int = 0


@dataclass(frozen=True)
class Arc:
    """One outcome's part of the ring."""

    outcome: str
    start: float
    sweep: float
    """The part of the circle that is its share; what is drawn is shorter by the gap."""
    width: float
    path: str

    @property
    def wrong(self) -> bool:
        return self.outcome in WRONG


@dataclass(frozen=True)
class Bar:
    """A bar on the ground: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


def ring_radius(images: int, largest: int) -> float:
    """Radius of the ring's middle line: grows with log(1 + images) up to the largest cell's."""
    if images <= 0:
        return SMALLEST_RADIUS
    share = math.log1p(images) / math.log1p(max(images, largest))
    return SMALLEST_RADIUS + (LARGEST_RADIUS - SMALLEST_RADIUS) * share


def arcs(cell: Counted, radius: float) -> tuple[Arc, ...]:
    """The ring's arcs, always in the order of `OUTCOMES`; outcomes without images have none."""
    counts = [(outcome, max(0, int(getattr(cell, outcome)))) for outcome in OUTCOMES]
    present = [(outcome, number) for outcome, number in counts if number]
    total = sum(number for _, number in present)
    gap = GAP if len(present) > 1 else 0.0
    drawn = []
    seen = 0
    for outcome, number in present:
        start = math.tau * seen / total
        sweep = math.tau * number / total
        width = THICK if outcome in WRONG else THIN
        drawn.append(Arc(outcome, start, sweep, width, _arc_path(radius, start, sweep, gap)))
        seen += number
    return tuple(drawn)


def edges(cell: Counted) -> tuple[Arc, ...]:
    """The frame of a single image in place of the ring; none where it is not counted."""
    outcome = next((each for each in OUTCOMES if getattr(cell, each)), None)
    if outcome is None:
        return ()
    width = THICK if outcome in WRONG else THIN
    edge = THUMBNAIL / 2 + width / 2
    path = f"M{-edge:.1f} {-edge:.1f}h{2 * edge:.1f}v{2 * edge:.1f}h{-2 * edge:.1f}z"
    return (Arc(outcome, 0.0, math.tau, width, path),)


def thumb_radius(radius: float) -> float:
    """Radius of the exemplar's circle, clear of the thickest arc."""
    return radius - THICK / 2 - 1.0


def sensitivity_bar(share: float) -> Bar:
    """The bar along the lower edge: from the middle to the right toward fake, to the left real.

    `share` is that of the largest magnitude, clipped to [-1, 1]; at the middle stands a mark.
    """
    bounded = min(1.0, max(-1.0, share)) if math.isfinite(share) else 0.0
    length = BAR_REACH * abs(bounded)
    start = -length if bounded < 0 else 0.0
    return Bar(x=start, y=GROUND / 2 - 0.5 - BAR_HEIGHT, width=length, height=BAR_HEIGHT)


def lit_bar(share: float) -> Bar:
    """The bar along the upper edge for the share (clipped to [0, 1]) that a selection lights."""
    bounded = min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0
    edge = GROUND / 2 - 4.0
    return Bar(x=-edge, y=-GROUND / 2 + 1.5, width=max(3.0, 2 * edge * bounded), height=LIT_HEIGHT)


def centre(column: int, row: int) -> tuple[float, float]:
    """Middle of the cell in this column and row of the window."""
    return (column + 0.5) * CELL, (row + 0.5) * CELL


def _arc_path(radius: float, start: float, sweep: float, gap: float) -> str:
    """SVG path of an arc around (0, 0), shortened by `gap` and never below a visible dot."""
    if sweep >= math.tau - 1e-9:
        return (
            f"M0 {-radius:.2f}A{radius:.2f} {radius:.2f} 0 1 1 0 {radius:.2f}"
            f"A{radius:.2f} {radius:.2f} 0 1 1 0 {-radius:.2f}"
        )
    visible = max(sweep - gap, min(sweep, 0.06))
    first = start + (sweep - visible) / 2
    x1, y1 = _point(radius, first)
    x2, y2 = _point(radius, first + visible)
    large = 1 if visible > math.pi else 0
    return f"M{x1:.2f} {y1:.2f}A{radius:.2f} {radius:.2f} 0 {large} 1 {x2:.2f} {y2:.2f}"


def _point(radius: float, angle: float) -> tuple[float, float]:
    return radius * math.sin(angle), -radius * math.cos(angle)
