"""Quad-tree cells over the layout, and their statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

COLUMNS, ROWS = 16, 12
"""The grid of level 0; each level is twice as fine."""
LEVELS_AT_MOST = 8
FINEST_LEVEL = LEVELS_AT_MOST - 1
IMAGES_A_CELL = 4
"""Mean number of images in a cell of the finest level, about."""


@dataclass(frozen=True)
class CellSummary:
    """Statistics of a cell.

    counts: true negatives (real, called real), false positives (real, called fake), true positives
        (fake, called fake), false negatives (fake, called real).
    """

    level: int
    row: int
    column: int
    counts: tuple[int, int, int, int]
    mean_p: float
    sensitivity: float | None
    """Mean over its measured images, in logits, + toward fake; None without any."""
    measured: int
    mean_activation: Float[ndarray, " dimension"]
    exemplar: int
    """Index of the image whose activations are nearest to the mean."""


def level_count(images: int) -> int:
    """Compute the number of levels of a layout of so many images."""
    finest = np.ceil(np.log(max(images / (COLUMNS * ROWS * IMAGES_A_CELL), 1.0)) / np.log(4.0))
    return int(min(finest + 2, LEVELS_AT_MOST))


def grid_size(level: int) -> tuple[int, int]:
    """How many columns and rows of cells a level has."""
    return COLUMNS << level, ROWS << level


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
    for level in reversed(range(level_count(len(coordinates)))):
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
) -> Iterator[CellSummary]:
    """Summarise the occupied cells of every level; at each, counts sum to the number of images.

    `outcomes` are 0…3 in the order of `CellSummary.counts`; `sensitivity`, in logits, is NaN where
    it was not measured.
    """
    for level in range(level_count(len(coordinates))):
        rows, columns = cell_indices(coordinates, level)
        keys = rows * grid_size(level)[0] + columns
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
        for members in np.split(order, starts[1:]) if len(order) else ():
            first = members[0]
            mean = activations[members].mean(axis=0)
            distance = np.linalg.norm(activations[members] - mean, axis=1)
            counts = np.bincount(outcomes[members], minlength=4)
            measured = sensitivity[members][~np.isnan(sensitivity[members])]
            yield CellSummary(
                level=level,
                row=int(rows[first]),
                column=int(columns[first]),
                counts=(int(counts[0]), int(counts[1]), int(counts[2]), int(counts[3])),
                mean_p=float(p[members].mean()),
                sensitivity=float(measured.mean()) if len(measured) else None,
                measured=len(measured),
                mean_activation=mean,
                exemplar=int(members[np.argmin(distance)]),
            )
