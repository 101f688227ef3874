"""Fill what people draw on a picture: outlines, strokes of a brush, cells of a coarser mask.

Coordinates are in pixels of the picture, from its upper left corner, x to the right and y down;
pixel (column, row) covers [column, column + 1) x [row, row + 1). A pixel belongs to a shape that
its centre lies in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from numpy.typing import NDArray

_BAND: Final = 4_000_000
"""Pixels that are filled at a time, which bounds the memory."""
_EDGES: Final = 512
"""Edges that are followed at a time."""

Floats = NDArray[np.floating[Any]]
Crossings = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Rows, columns, and by how much the winding number changes from that column on."""


@dataclass(frozen=True)
class Box:
    """Pixels of a picture, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return max(0, self.right - self.left)

    @property
    def height(self) -> int:
        return max(0, self.bottom - self.top)

    def within(self, other: Box) -> Box:
        """What both have in common."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )


@dataclass(frozen=True)
class Square:
    """The part of a picture that a mask of `size` x `size` cells lies over."""

    left: int
    top: int
    side: int
    size: int


@dataclass(frozen=True)
class Outline:
    """A closed outline. What it goes around is filled, whichever way and however often.

    So a lasso that crosses itself leaves no hole (the non-zero rule).
    """

    points: Float[ndarray, "point 2"]
    erase: bool = False


@dataclass(frozen=True)
class Stroke:
    """A round brush that was drawn along a line; one point makes a disc."""

    points: Float[ndarray, "point 2"]
    radius: float
    erase: bool = False


@dataclass(frozen=True)
class Cells:
    """Cells of a coarser mask."""

    mask: Bool[ndarray, "size size"]
    square: Square
    erase: bool = False


Step = Outline | Stroke | Cells


@dataclass(frozen=True)
class DrawnMask:
    """A mask within its bounding box."""

    left: int
    top: int
    pixels: Bool[ndarray, "height width"]


def draw(steps: Sequence[Step], width: int, height: int) -> DrawnMask | None:
    """Fill shapes one after the other, each added or erased, on a picture of this size.

    What lies outside of the picture is cut off. None where nothing is left.
    """
    picture = Box(0, 0, width, height)
    added = [_bounds(each).within(picture) for each in steps if not each.erase]
    added = [each for each in added if each.width and each.height]
    if not added:
        return None
    window = Box(
        min(each.left for each in added),
        min(each.top for each in added),
        max(each.right for each in added),
        max(each.bottom for each in added),
    )
    canvas = np.zeros((window.height, window.width), np.bool_)
    for step in steps:
        part = _bounds(step).within(window)
        if not part.width or not part.height:
            continue
        there = canvas[
            part.top - window.top : part.bottom - window.top,
            part.left - window.left : part.right - window.left,
        ]
        filled = _filled(step, part)
        if step.erase:
            there &= ~filled
        else:
            there |= filled
    return _cropped(canvas, window)


def rows_followed(steps: Sequence[Step]) -> int:
    """How many rows all edges and strokes together reach through, which the time goes by."""
    return sum(_rows_of(each) for each in steps)


def _rows_of(step: Step) -> int:
    if isinstance(step, Cells):
        return 0
    down = np.abs(np.diff(step.points[:, 1], append=step.points[:1, 1]))
    around = 2 * step.radius if isinstance(step, Stroke) else 0.0
    return int((down + around + 1).sum())


def share_of_cells(drawn: DrawnMask, square: Square) -> Float[ndarray, "size size"]:
    """The share of each cell of a square of the picture that a mask covers, in [0, 1]."""
    cell = square.side / square.size
    edges = np.arange(square.size + 1) * cell
    rows = _summed(drawn.pixels, square.top - drawn.top + edges)
    both = _summed(rows.T, square.left - drawn.left + edges).T
    shares: Float[ndarray, "size size"] = both / cell**2
    return shares


def _summed(values: NDArray[np.bool_] | Floats, edges: Floats) -> Floats:
    """Sums over the first axis between edges, which lie anywhere, in entries."""
    count = len(values)
    at = np.clip(edges, 0, count)
    whole = np.minimum(at.astype(np.int64), count - 1)
    part = (at - whole)[:, None]
    found = np.empty((len(edges) - 1, values.shape[1]))
    block = max(1, _BAND // count)
    kind = np.int32 if values.dtype == np.bool_ else np.float64
    for start in range(0, values.shape[1], block):
        some = values[:, start : start + block]
        sums = np.cumsum(some, axis=0, dtype=kind)
        before = np.where(whole[:, None] > 0, sums[whole - 1], 0)
        found[:, start : start + block] = np.diff(before + part * some[whole], axis=0)
    return found


def _bounds(step: Step) -> Box:
    if isinstance(step, Cells):
        rows, columns = np.nonzero(step.mask)
        if not len(rows):
            return Box(0, 0, 0, 0)
        square, cell = step.square, step.square.side / step.square.size
        return Box(
            square.left + int(columns.min() * cell),
            square.top + int(rows.min() * cell),
            square.left + int(np.ceil((columns.max() + 1) * cell)),
            square.top + int(np.ceil((rows.max() + 1) * cell)),
        )
    around = step.radius if isinstance(step, Stroke) else 0.0
    (left, top), (right, bottom) = (
        np.floor(step.points.min(axis=0) - around),
        np.ceil(step.points.max(axis=0) + around),
    )
    return Box(int(left), int(top), int(right), int(bottom))


def _filled(step: Step, box: Box) -> Bool[ndarray, "height width"]:
    if isinstance(step, Cells):
        return _of_cells(step, box)
    if isinstance(step, Outline):
        return _wound(box, lambda top, bottom: _of_outline(step.points, top, bottom))
    return _wound(box, lambda top, bottom: _of_stroke(step.points, step.radius, top, bottom))


def _of_cells(step: Cells, box: Box) -> Bool[ndarray, "height width"]:
    square = step.square

    def cell(first: int, last: int, start: int) -> NDArray[np.int64]:
        centres = np.arange(first, last) + 0.5 - start
        return np.floor(centres * square.size / square.side).astype(np.int64)

    rows, columns = cell(box.top, box.bottom, square.top), cell(box.left, box.right, square.left)
    padded = np.pad(step.mask, 1)
    clipped = (np.clip(each, -1, square.size) + 1 for each in (rows, columns))
    return padded[np.ix_(*clipped)]


def _wound(
    box: Box, crossings: Callable[[int, int], Iterator[Crossings]]
) -> Bool[ndarray, "height width"]:
    """The pixels whose winding number is not 0, from where it changes along each row."""
    mask = np.zeros((box.height, box.width), np.bool_)
    rows = max(1, _BAND // box.width)
    for top in range(box.top, box.bottom, rows):
        bottom = min(top + rows, box.bottom)
        changes = np.zeros((bottom - top, box.width + 1), np.int64)
        for row, column, change in crossings(top, bottom):
            at = (row - top) * (box.width + 1) + np.clip(column - box.left, 0, box.width)
            np.add.at(changes.reshape(-1), at, change)
        mask[top - box.top : bottom - box.top] = np.cumsum(changes, axis=1)[:, :-1] != 0
    return mask


def _of_outline(points: Float[ndarray, "point 2"], top: int, bottom: int) -> Iterator[Crossings]:
    start, end = points, np.roll(points, -1, axis=0)
    for some in _some(len(points)):
        (x0, y0), (x1, y1) = start[some].T, end[some].T
        low, high = np.minimum(y0, y1), np.maximum(y0, y1)
        edge, row = _rows(np.ceil(low - 0.5), np.ceil(high - 0.5), top, bottom)
        slope = (x1 - x0)[edge] / (y1 - y0)[edge]
        x = x0[edge] + (row + 0.5 - y0[edge]) * slope
        yield row, _first_centre(x), np.where(y1 > y0, 1, -1)[edge]


def _of_stroke(
    points: Float[ndarray, "point 2"], radius: float, top: int, bottom: int
) -> Iterator[Crossings]:
    """Of the line between two points all that is not farther than the radius: a convex shape.

    So each row meets it in one interval. It is that of the two discs and of the rectangle between.
    """
    start = points if len(points) == 1 else points[:-1]
    end = points if len(points) == 1 else points[1:]
    for some in _some(len(start)):
        a, b = start[some], end[some]
        low, high = np.minimum(a, b)[:, 1] - radius, np.maximum(a, b)[:, 1] + radius
        edge, row = _rows(np.ceil(low - 0.5), np.floor(high - 0.5) + 1, top, bottom)
        y = row + 0.5
        parts = [
            _chord(a[edge], radius, y),
            _chord(b[edge], radius, y),
            _beam(a[edge], b[edge], radius, y),
        ]
        left = np.min([each[0] for each in parts], axis=0)
        right = np.max([each[1] for each in parts], axis=0)
        met = left <= right
        row, left, right = row[met], left[met], right[met]
        yield row, _first_centre(left), np.ones(len(row), np.int64)
        yield row, np.floor(right - 0.5).astype(np.int64) + 1, -np.ones(len(row), np.int64)


Interval = tuple[Floats, Floats]
"""Left and right end; left beyond right where there is none."""


def _chord(centre: Floats, radius: float, y: Floats) -> Interval:
    """Where discs meet rows."""
    square = radius**2 - (y - centre[:, 1]) ** 2
    half = np.sqrt(np.maximum(square, 0.0))
    met = square >= 0
    return (
        np.where(met, centre[:, 0] - half, np.inf),
        np.where(met, centre[:, 0] + half, -np.inf),
    )


def _beam(a: Floats, b: Floats, radius: float, y: Floats) -> Interval:
    """Where rectangles along lines from `a` to `b`, as wide as the brush, meet rows."""
    (dx, dy), length = (b - a).T, np.hypot(*(b - a).T)
    q = y - a[:, 1]
    # Of a point at (x, q) from a: |dx q - dy x| <= radius length, and 0 <= dx x + dy q <= length².
    across = _between(dy, dx * q - radius * length, dx * q + radius * length)
    along = _between(dx, -dy * q, length**2 - dy * q)
    left = np.maximum(across[0], along[0])
    right = np.minimum(across[1], along[1])
    none = (left > right) | (length == 0)
    return np.where(none, np.inf, a[:, 0] + left), np.where(none, -np.inf, a[:, 0] + right)


def _between(factor: Floats, low: Floats, high: Floats) -> Interval:
    """The x with low <= factor x <= high."""
    flat = factor == 0
    by = np.where(flat, 1.0, factor)
    first, last = np.minimum(low / by, high / by), np.maximum(low / by, high / by)
    all_or_none = (low <= 0) & (high >= 0)
    return (
        np.where(flat, np.where(all_or_none, -np.inf, np.inf), first),
        np.where(flat, np.where(all_or_none, np.inf, -np.inf), last),
    )


def _some(count: int) -> Iterator[slice]:
    return (slice(first, first + _EDGES) for first in range(0, count, _EDGES))


def _rows(
    first: Floats, last: Floats, top: int, bottom: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which edge reaches which row, of those from `top` to `bottom`; `last` is excluded."""
    first = np.clip(first, top, bottom).astype(np.int64)
    last = np.clip(last, top, bottom).astype(np.int64)
    counts = np.maximum(last - first, 0)
    edge = np.repeat(np.arange(len(first)), counts)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    return edge, first[edge] + within


def _first_centre(x: Floats) -> NDArray[np.int64]:
    """The first column whose centre is not left of x."""
    columns: NDArray[np.int64] = np.ceil(x - 0.5).astype(np.int64)
    return columns


def _cropped(canvas: NDArray[np.bool_], window: Box) -> DrawnMask | None:
    rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
    if not len(rows):
        return None
    pixels = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return DrawnMask(window.left + int(columns[0]), window.top + int(rows[0]), pixels)
