"""Regions to plant in: masks in [0, 1] of a given shape and area.

Lengths are shares of height and width, so an area does not depend on the image's aspect ratio.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.ndimage import distance_transform_edt

from workbench.analysis.images.planted.arrays import Plane

DrawRegion = Callable[[int, int, np.random.Generator], Plane]
"""Draws a region for an image of a height and width."""

AREA: Final = (0.18, 0.24)
"""Smallest and largest share of the image that a soft ellipse is drawn to cover."""

EDGE: Final = 0.05
"""Half the width of a soft ellipse's edge, as a share of the image's side length."""

AREAS: Final = (0.03, 0.25)
"""Smallest and largest share of the image that the regions of any shape cover."""

SHAPES: Final = ("soft", "hard", "thin", "scattered")
"""An ellipse with a soft edge; a convex polygon; curved strokes; several small ellipses."""

_CORNERS: Final = (4, 7)
_STROKE: Final = (0.07, 0.11)
"""Width of a stroke as a share of the side: at 224 pixels between one and two patches of 14."""
_STROKE_REACH: Final = 0.35
_BLOBS: Final = (3, 6)


def soft_ellipse(height: int, width: int, rng: np.random.Generator) -> Plane:
    """Draw an ellipse of random area, shape, angle and position, as a soft mask in [0, 1].

    It lies inside the image with its whole edge.
    """
    return _soft_ellipse(height, width, rng, rng.uniform(*AREA))


def draw_area(rng: np.random.Generator) -> float:
    """Draw the area of a region within `AREAS`, so that its side length is uniform."""
    low, high = np.sqrt(AREAS)
    return float(rng.uniform(low, high) ** 2)


def region(shape: str, area: float) -> DrawRegion:
    """How regions of a shape and area are drawn; they cover it within a tenth.

    ValueError for a shape that is not in `SHAPES`.
    """
    if shape not in SHAPES:
        raise ValueError(f"expected a shape among {', '.join(SHAPES)}, got {shape!r}")
    if shape == "soft":
        return lambda height, width, rng: _soft_ellipse(height, width, rng, area)
    distance = _DISTANCES[shape]
    return lambda height, width, rng: _least(distance(*_grid(height, width), rng, area), area)


def _soft_ellipse(height: int, width: int, rng: np.random.Generator, area: float) -> Plane:
    product = area / np.pi
    ratio = np.exp(rng.uniform(-0.4, 0.4))
    major, minor = np.sqrt(product * ratio), np.sqrt(product / ratio)
    turn = rng.uniform(0.0, np.pi)
    reach = max(major, minor) * (1.0 + EDGE / np.sqrt(product))
    centre_y, centre_x = rng.uniform(reach, 1.0 - reach, size=2)
    rows, columns = _grid(height, width)
    across, along = _turned(rows - centre_y, columns - centre_x, turn)
    outside = (np.hypot(along / major, across / minor) - 1.0) * np.sqrt(major * minor)
    inside = np.clip(0.5 - outside / (2.0 * EDGE), 0.0, 1.0)
    mask: Plane = inside * inside * (3.0 - 2.0 * inside)
    return mask


def _polygon(rows: Plane, columns: Plane, rng: np.random.Generator, _: float) -> Plane:
    """Distance from a point in a convex polygon, in its own measure: 1 at its sides."""
    centre_y, centre_x = rng.uniform(0.25, 0.75, size=2)
    corners = rng.integers(*_CORNERS, endpoint=True)
    turns = (np.arange(corners) + rng.uniform(-0.25, 0.25, corners)) * 2.0 * np.pi / corners
    turns += rng.uniform(0.0, 2.0 * np.pi)
    depths = rng.uniform(0.7, 1.3, corners)
    sides = [
        (np.sin(turn) * (rows - centre_y) + np.cos(turn) * (columns - centre_x)) / depth
        for turn, depth in zip(turns, depths, strict=True)
    ]
    distance: Plane = np.maximum.reduce(sides)
    return distance


def _strokes(rows: Plane, _: Plane, rng: np.random.Generator, area: float) -> Plane:
    """Distance from curved strokes, as many as it takes for all to be thin."""
    height, width = rows.shape
    away = np.ones((height, width), dtype=bool)
    thickness = rng.uniform(*_STROKE)
    missing = area
    while missing > 0.0:
        start, bend, end = _curve(rng)
        share = np.linspace(0.0, 1.0, 2 * max(height, width))[:, None]
        points = (1 - share) ** 2 * start + 2 * share * (1 - share) * bend + share**2 * end
        on = (points * (height, width)).astype(int)
        away[on[:, 0], on[:, 1]] = False
        missing -= thickness * float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    distance: Plane = distance_transform_edt(away, sampling=(1.0 / height, 1.0 / width))
    return distance


def _curve(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, bend and end of a stroke from one part of the image to another."""
    middle = rng.uniform(0.3, 0.7, size=2)
    turn = rng.uniform(0.0, np.pi)
    reach = _STROKE_REACH * rng.uniform(0.6, 1.0) * np.array([np.sin(turn), np.cos(turn)])
    bend = np.clip(middle + rng.uniform(-0.25, 0.25, size=2), 0.0, 1.0)
    start, end = (np.clip(middle + way * reach, 0.02, 0.98) for way in (-1.0, 1.0))
    return start, bend, end


def _blobs(rows: Plane, columns: Plane, rng: np.random.Generator, _: float) -> Plane:
    """Distance from the nearest of several points, each in the measure of its own ellipse."""
    centres = [rng.uniform(0.15, 0.85, size=2)]
    for _ in range(int(rng.integers(*_BLOBS, endpoint=True)) - 1):
        drawn = rng.uniform(0.12, 0.88, size=(8, 2))
        from_others = [min(np.linalg.norm(each - other) for other in centres) for each in drawn]
        centres.append(drawn[int(np.argmax(from_others))])
    distances = []
    for centre_y, centre_x in centres:
        across, along = _turned(rows - centre_y, columns - centre_x, rng.uniform(0.0, np.pi))
        size, ratio = rng.uniform(0.75, 1.25), np.exp(rng.uniform(-0.4, 0.4))
        distances.append(np.hypot(along / ratio, across * ratio) / size)
    distance: Plane = np.minimum.reduce(distances)
    return distance


def _grid(height: int, width: int) -> tuple[Plane, Plane]:
    """Row and column of each pixel's centre, as shares."""
    rows, columns = np.indices((height, width), dtype=np.float64)
    return (rows + 0.5) / height, (columns + 0.5) / width


def _turned(down: Plane, right: Plane, turn: float) -> tuple[Plane, Plane]:
    """Across and along an axis at this angle."""
    across: Plane = np.cos(turn) * down - np.sin(turn) * right
    along: Plane = np.cos(turn) * right + np.sin(turn) * down
    return across, along


def _least(distance: Plane, area: float) -> Plane:
    """The pixels of least distance that make up this share of the image."""
    nearest = np.argsort(distance, axis=None, kind="stable")[: max(1, round(area * distance.size))]
    mask = np.zeros(distance.shape)
    mask.flat[nearest] = 1.0
    return mask


_DISTANCES: Final = {"hard": _polygon, "thin": _strokes, "scattered": _blobs}
