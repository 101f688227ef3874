"""Spread a layout over the panel: like density everywhere, neighbours kept, a cell for each image.

Two steps. A diffusion cartogram (Gastner and Newman 2004, doi 10.1073/pnas.0400280101) lets the
density flow until it is even; the flow is continuous, so that neighbours stay neighbours. Then no
rectangle of the grid may hold more images than its share, down to one an image in a cell: those
too many move over the nearest line.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray
from scipy.fft import dctn, idctn
from scipy.ndimage import gaussian_filter, map_coordinates

from workbench.analysis.layout.cells import ROOM, Block, finest_level

_FINENESS = 4
"""Points of the density's grid along a side of a cell of level 0."""
_STEPS = 60
_EMPTY = 0.02
"""Density of empty parts, of the mean: without it they would shrink to nothing."""
_MARGIN = 0.01
"""Of a cell's side: coordinates keep away from its edges, so that no rounding moves an image."""


def spread(
    coordinates: Float[ndarray, "image 2"], block: Block, *, flow: bool = True
) -> Float[ndarray, "image 2"]:
    """Spread coordinates in the unit square over a block of cells; the block is the unit square.

    Without `flow` only what is too dense moves: a layout that was spread before stays as it is.
    """
    return _own_cells(_flow(coordinates, block) if flow else coordinates, block)


def _flow(coordinates: Float[ndarray, "image 2"], block: Block) -> Float[ndarray, "image 2"]:
    """Move with the diffusing density until it is even."""
    size = np.array([block.columns, block.rows]) * _FINENESS
    across, down = coordinates.T
    counted = np.histogram2d(across, down, bins=size, range=[[0, 1], [0, 1]])[0]
    density = gaussian_filter(counted, _FINENESS, mode="reflect")
    spectrum = dctn(density / density.mean() + _EMPTY, norm="ortho")
    rates = sum(
        np.square(np.pi * np.arange(points) / points).reshape(shape)
        for points, shape in zip(size, ((-1, 1), (1, -1)), strict=True)
    )
    times = np.concatenate([[0.0], np.geomspace(0.05, size.max() ** 2 / 2, _STEPS)])
    places = coordinates * size - 0.5
    for start, end in pairwise(times):
        density = idctn(spectrum * np.exp(-rates * (start + end) / 2), norm="ortho")
        slopes = np.stack([*np.gradient(density), density])
        right, down, here = (map_coordinates(a, places.T, order=1, mode="nearest") for a in slopes)
        places = places - (end - start) * np.stack([right, down], axis=1) / here[:, None]
        places = np.clip(places, -0.5, size - 0.5)
    moved: Float[ndarray, "image 2"] = (places + 0.5) / size
    return moved


def _own_cells(coordinates: Float[ndarray, "image 2"], block: Block) -> Float[ndarray, "image 2"]:
    """Let no rectangle of the finest grid hold more than its share, halving it again and again."""
    count = len(coordinates)
    level = finest_level(count)
    size = np.array([block.columns << level, block.rows << level])
    densest = ROOM * count / size.prod()
    moved = coordinates.copy()
    waiting = [(np.arange(count), np.zeros(2, int), size)]
    while waiting:
        members, corner, sides = waiting.pop()
        if len(members) <= 1 or sides.prod() == 1:
            low, high = (corner + _MARGIN) / size, (corner + sides - _MARGIN) / size
            moved[members] = np.clip(coordinates[members], low, high)
            continue
        axis = int(np.argmax(sides))
        half = sides.copy()
        half[axis] //= 2
        rest, middle = sides.copy(), corner.copy()
        rest[axis] -= half[axis]
        middle[axis] += half[axis]
        ordered = members[np.argsort(coordinates[members, axis], kind="stable")]
        cut = int(np.searchsorted(coordinates[ordered, axis], middle[axis] / size[axis]))
        most, most_of_rest = (int(np.ceil(densest * part.prod())) for part in (half, rest))
        cut = min(max(cut, len(ordered) - most_of_rest), most)
        waiting += [(ordered[:cut], corner, half), (ordered[cut:], middle, rest)]
    return moved


def share_of_cells(coordinates: Float[ndarray, "image 2"], columns: int, rows: int) -> float:
    """Compute the share of a grid's cells in use; 1 where every image has one of its own."""
    cells: Integer[ndarray, "image 2"] = (coordinates * [columns, rows]).astype(int)
    return len(np.unique(cells, axis=0)) / max(min(columns * rows, len(coordinates)), 1)
