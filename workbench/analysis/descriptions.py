"""What a dimension or a pattern shows, before anyone has named it: where its evidence lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Location = Literal[
    "all over",
    "edges",
    "sides",
    "top edge",
    "bottom edge",
    "left edge",
    "right edge",
    "upper half",
    "lower half",
    "left half",
    "right half",
    "upper left",
    "upper middle",
    "upper right",
    "middle left",
    "centre",
    "middle right",
    "lower left",
    "lower middle",
    "lower right",
]
LOCATIONS: Final[tuple[Location, ...]] = get_args(Location)

_EVEN: Final = 0.2
"""Evidence is all over where moving so small a share of it would spread it evenly."""
_EDGE: Final = 0.2
"""Width of an edge, as a share of the picture's side."""
_THIRD: Final = 1 / 3
_BOXES: Final[Mapping[Location, tuple[float, float, float, float]]] = {
    "top edge": (0, _EDGE, 0, 1),
    "bottom edge": (1 - _EDGE, 1, 0, 1),
    "left edge": (0, 1, 0, _EDGE),
    "right edge": (0, 1, 1 - _EDGE, 1),
    "upper half": (0, 0.5, 0, 1),
    "lower half": (0.5, 1, 0, 1),
    "left half": (0, 1, 0, 0.5),
    "right half": (0, 1, 0.5, 1),
    "upper left": (0, 0.5, 0, 0.5),
    "upper middle": (0, 0.5, 0.25, 0.75),
    "upper right": (0, 0.5, 0.5, 1),
    "middle left": (_THIRD, 1 - _THIRD, 0, _THIRD),
    "centre": (0.3, 0.7, 0.25, 0.75),
    "middle right": (_THIRD, 1 - _THIRD, 1 - _THIRD, 1),
    "lower left": (0.5, 1, 0, 0.5),
    "lower middle": (0.5, 1, 0.25, 0.75),
    "lower right": (0.5, 1, 0.5, 1),
}
"""From row to row and column to column, as shares of the picture's side."""


def location_of(evidence: Float[ndarray, "row column"]) -> Location | None:
    """Name where evidence lies: the part of the picture whose outline it correlates with best.

    `evidence` is not negative. None where there is none.
    """
    total = float(evidence.sum())
    if not np.isfinite(total) or total <= 0:
        return None
    shares = evidence / total
    if np.abs(shares - 1 / shares.size).sum() / 2 <= _EVEN:
        return "all over"
    outlines = _outlines(*evidence.shape)
    return max(outlines, key=lambda name: _correlation(shares, outlines[name]))


def _outlines(rows: int, columns: int) -> dict[Location, Float[ndarray, "row column"]]:
    y = ((np.arange(rows) + 0.5) / rows)[:, None]
    x = ((np.arange(columns) + 0.5) / columns)[None, :]
    inside = (abs(y - 0.5) < 0.5 - _EDGE) & (abs(x - 0.5) < 0.5 - _EDGE)
    found: dict[Location, Float[ndarray, "row column"]] = {"edges": (~inside).astype(np.float64)}
    for name, (top, bottom, left, right) in _BOXES.items():
        box = (top <= y) & (y <= bottom) & (left <= x) & (x <= right)
        found[name] = box.astype(np.float64)
    found["sides"] = found["left edge"] + found["right edge"]
    return found


def _correlation(
    shares: Float[ndarray, "row column"], outline: Float[ndarray, "row column"]
) -> float:
    """Pearson's, but for a factor that all outlines share; 0 for one that is the whole picture."""
    centred = outline - outline.mean()
    return float((shares * centred).sum() / max(float(np.linalg.norm(centred)), 1e-9))


def in_regions(
    evidence: Float[ndarray, "image dimension patch"],
    regions: Float[ndarray, "image patch region"],
) -> Float[ndarray, "dimension region"]:
    """Sum up the evidence of each dimension by region.

    `evidence` is not negative, `regions` the share of each in each patch, which sum to 1.
    """
    return np.asarray(np.einsum("ikp,ipr->kr", evidence.astype(np.float64), regions))


def normalised(amounts: Float[ndarray, "*rows part"]) -> Float[ndarray, "*rows part"]:
    """Divide amounts, none negative, by their sum over the last axis; 0 where that is 0."""
    total = amounts.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(amounts, total, out=np.zeros_like(amounts), where=total > 0))
