"""Mean maps as a few paths: where evidence lies, in steps of the map's own largest value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

STEPS = 6
"""Shades; what is below half of one of them is left out."""


@dataclass(frozen=True)
class DrawnMap:
    """A map in a box of one unit a patch.

    shades: opacity and SVG path data of each, from the faintest on.
    largest: the darkest patch, in logits.
    """

    columns: int
    rows: int
    shades: tuple[tuple[float, str], ...]
    largest: float


def drawn_map(mean_map: Sequence[Sequence[float]]) -> DrawnMap | None:
    """Draw a map, whose values are not negative; None where there is no evidence."""
    largest = max((max(row, default=0.0) for row in mean_map), default=0.0)
    if largest <= 0:
        return None
    paths: dict[int, list[str]] = {}
    for y, row in enumerate(mean_map):
        x = 0
        for step, run in groupby(round(STEPS * value / largest) for value in row):
            width = len(list(run))
            if step:
                paths.setdefault(step, []).append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return DrawnMap(
        columns=len(mean_map[0]),
        rows=len(mean_map),
        shades=tuple((step / STEPS, "".join(paths[step])) for step in sorted(paths)),
        largest=largest,
    )
