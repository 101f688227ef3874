"""Quad-tree cells over the layout, and their statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

COLUMNS, ROWS = 16, 12
"""The grid of level 0, which a view starts with; each level is twice as fine."""
COARSEST_LEVEL = -2
FINEST_LEVEL = 7
ROOM = 1.25
"""Cells of the finest level for an image, at least: each has one of its own. So a part of the panel
has at most so many times the mean density."""
_FEWEST_COLUMNS = 4
"""Of a block."""


@dataclass(frozen=True)
class Block:
    """A block of cells of level 0, in the middle of the panel.

    Small collections take no more than one, so that their images are shown large.
    """

    columns: int
    rows: int

    @property
    def column(self) -> int:
        """Its leftmost column."""
        return (COLUMNS - self.columns) // 2

    @property
    def row(self) -> int:
        """Its topmost row."""
        return (ROWS - self.rows) // 2

    def outward(self, coordinates: Float[ndarray, "image 2"]) -> Float[ndarray, "image 2"]:
        """Turn shares of the block into coordinates of the layout."""
        corner, sides = (self.column, self.row), (self.columns, self.rows)
        whole: Float[ndarray, "image 2"] = (corner + coordinates * sides) / (COLUMNS, ROWS)
        return whole

    def inward(self, coordinates: Float[ndarray, "image 2"]) -> Float[ndarray, "image 2"]:
        """Turn coordinates of the layout into shares of the block."""
        corner, sides = (self.column, self.row), (self.columns, self.rows)
        shares: Float[ndarray, "image 2"] = (coordinates * (COLUMNS, ROWS) - corner) / sides
        return shares


def _blocks() -> Iterator[Block]:
    """From the smallest to the whole of the panel, about of its shape; each lies in the next."""
    for columns in range(_FEWEST_COLUMNS, COLUMNS + 1):
        yield Block(columns, -(-columns * ROWS // COLUMNS))


WHOLE = Block(COLUMNS, ROWS)


def block_for(images: int) -> Block:
    """Choose the smallest block with a cell for each of so many images, and a fifth left empty."""
    roomy = (each for each in _blocks() if each.columns * each.rows >= ROOM * images)
    return next(roomy, WHOLE)


def block_of(coordinates: Float[ndarray, "image 2"]) -> Block:
    """Find the smallest block that a layout lies in; coordinates that are NaN say nothing."""
    placed = coordinates[np.isfinite(coordinates).all(axis=1)]
    shares = ((each, each.inward(placed)) for each in _blocks())
    return next((each for each, inside in shares if ((inside >= 0) & (inside < 1)).all()), WHOLE)


@dataclass(frozen=True)
class CellSummary:
    """Statistics of a cell.

    counts: number of its images by outcome.
    """

    level: int
    row: int
    column: int
    counts: tuple[int, ...]
    mean_p: float
    sensitivity: float | None
    """Mean over its measured images, in logits, + toward fake; None without any."""
    measured: int
    mean_activation: Float[ndarray, " dimension"]
    exemplar: int
    """Index of the image whose activations are nearest to the mean."""


def finest_level(images: int) -> int:
    """Choose the coarsest level that has a cell for each of so many images, with room between."""
    block = block_for(images)
    shares = max(ROOM * images / (block.columns * block.rows), 1.0)
    return int(min(np.ceil(np.log(shares) / np.log(4.0)), FINEST_LEVEL))


def levels_of(images: int) -> range:
    """The levels of a layout of so many images; at least one is finer than the first view."""
    return range(COARSEST_LEVEL, max(finest_level(images), 1) + 1)


def grid_size(level: int) -> tuple[int, int]:
    """How many columns and rows of cells a level has."""
    return int(COLUMNS * 2.0**level), int(ROWS * 2.0**level)


def cell_indices(
    coordinates: Float[ndarray, "image 2"], level: int
) -> tuple[Integer[ndarray, " image"], Integer[ndarray, " image"]]:
    """Compute the row and column of each image's cell; coordinates are (x, y) in [0, 1)."""
    width, height = grid_size(level)
    columns = (coordinates[:, 0] * width).astype(int)
    rows = (coordinates[:, 1] * height).astype(int)
    return rows, columns


def stratified_order(
    coordinates: Float[ndarray, "image 2"], *, seed: int
) -> Integer[ndarray, " image"]:
    """Order the images so that every beginning is a stratified sample of the layout.

    The occupied cells of level 0 take turns, so that the first images are one of each. Within a
    cell, the occupied cells of the next level take turns, and so on down; within a cell of the
    finest level the order is random.
    """
    order = np.random.default_rng(seed).permutation(len(coordinates))
    for level in reversed(range(levels_of(len(coordinates)).stop)):
        rows, columns = cell_indices(coordinates[order], level)
        order = order[np.argsort(_turn(rows * grid_size(level)[0] + columns), kind="stable")]
    return order


def _turn(keys: Integer[ndarray, " image"]) -> Integer[ndarray, " image"]:
    """Count the earlier entries with the same key, for each."""
    grouped = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[grouped], prepend=-1))
    lengths = np.diff(starts, append=len(keys))
    turn = np.empty_like(keys)
    turn[grouped] = np.arange(len(keys)) - np.repeat(starts, lengths)
    return turn


def summarise_cells(
    coordinates: Float[ndarray, "image 2"],
    outcomes: Integer[ndarray, " image"],
    p: Float[ndarray, " image"],
    sensitivity: Float[ndarray, " image"],
    activations: Float[ndarray, "image dimension"],
    *,
    kinds: int,
) -> Iterator[CellSummary]:
    """Summarise the occupied cells of every level; at each, counts sum to the number of images.

    `outcomes` are codes below `kinds`, in the order of `CellSummary.counts`; `sensitivity`, in
    logits, is NaN where it was not measured.
    """
    for level in levels_of(len(coordinates)):
        rows, columns = cell_indices(coordinates, level)
        keys = rows * grid_size(level)[0] + columns
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
        for members in np.split(order, starts[1:]) if len(order) else ():
            first = members[0]
            yield summary_of(
                members,
                (level, int(rows[first]), int(columns[first])),
                outcomes,
                p,
                sensitivity,
                activations,
                kinds=kinds,
            )


def summary_of(
    members: Integer[ndarray, " member"],
    at: tuple[int, int, int],
    outcomes: Integer[ndarray, " image"],
    p: Float[ndarray, " image"],
    sensitivity: Float[ndarray, " image"],
    activations: Float[ndarray, "image dimension"],
    *,
    kinds: int,
) -> CellSummary:
    """Summarise the cell `at` level, row and column with these images in it, at least one."""
    mean = activations[members].mean(axis=0)
    distance = np.linalg.norm(activations[members] - mean, axis=1)
    counts = np.bincount(outcomes[members], minlength=kinds)
    measured = sensitivity[members][~np.isnan(sensitivity[members])]
    level, row, column = at
    return CellSummary(
        level=level,
        row=row,
        column=column,
        counts=tuple(counts.tolist()),
        mean_p=float(p[members].mean()),
        sensitivity=float(measured.mean()) if len(measured) else None,
        measured=len(measured),
        mean_activation=mean,
        exemplar=int(members[np.argmin(distance)]),
    )
