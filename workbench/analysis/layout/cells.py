"""Cells: the squares of a quad-tree over the layout, with what they hold."""

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
"""The finest level is the one whose occupied cells hold about this many images."""


@dataclass(frozen=True)
class CellSummary:
    """One square. `counts` are real right, real called fake, fake right, fake called real."""

    level: int
    row: int
    column: int
    counts: tuple[int, int, int, int]
    mean_p: float
    sensitivity: float | None
    """Mean over its measured images, in logits; None where none was measured."""
    measured: int
    mean_activation: Float[ndarray, " dimension"]
    exemplar: int
    """Index of the image whose activations are nearest the cell's mean."""


def level_count(images: int) -> int:
    """How many levels a layout of so many images needs."""
    finest = np.ceil(np.log(max(images / (COLUMNS * ROWS * IMAGES_A_CELL), 1.0)) / np.log(4.0))
    return int(min(finest + 2, LEVELS_AT_MOST))


def grid_size(level: int) -> tuple[int, int]:
    """How many columns and rows of squares a level has."""
    return COLUMNS << level, ROWS << level


def place_in_grid(
    places: Float[ndarray, "image 2"], level: int
) -> tuple[Integer[ndarray, " image"], Integer[ndarray, " image"]]:
    """Row and column of each image's square at a level; places are (x, y) in [0, 1)."""
    width, height = grid_size(level)
    columns = (places[:, 0] * width).astype(int)
    rows = (places[:, 1] * height).astype(int)
    return rows, columns


def spread_order(places: Float[ndarray, "image 2"], *, seed: int) -> Integer[ndarray, " image"]:
    """The images in an order of which every beginning is spread over the layout.

    The occupied cells of level 0 take turns, so that as many images as there are cells hold one of
    each. Within a cell, the occupied cells of the next level take turns, and so on down; within
    one of the finest level the order is random.
    """
    order = np.random.default_rng(seed).permutation(len(places))
    for level in reversed(range(level_count(len(places)))):
        rows, columns = place_in_grid(places[order], level)
        order = order[np.argsort(_turn(rows * grid_size(level)[0] + columns), kind="stable")]
    return order


def _turn(keys: Integer[ndarray, " image"]) -> Integer[ndarray, " image"]:
    """How many earlier entries have the same key."""
    grouped = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[grouped], prepend=-1))
    lengths = np.diff(starts, append=len(keys))
    turn = np.empty_like(keys)
    turn[grouped] = np.arange(len(keys)) - np.repeat(starts, lengths)
    return turn


def summarise_cells(
    places: Float[ndarray, "image 2"],
    outcomes: Integer[ndarray, " image"],
    p: Float[ndarray, " image"],
    sensitivity: Float[ndarray, " image"],
    activations: Float[ndarray, "image dimension"],
) -> Iterator[CellSummary]:
    """The occupied squares of every level; at each, the counts sum to the number of images.

    `outcomes` are 0…3 in the order of `CellSummary.counts`; `sensitivity`, in logits, is NaN where
    it was not measured.
    """
    for level in range(level_count(len(places))):
        rows, columns = place_in_grid(places, level)
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
