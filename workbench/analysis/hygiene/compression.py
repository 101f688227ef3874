"""Whether an image was a JPEG before it was saved as what it is now.

JPEG rounds the coefficients of 8 x 8 blocks to multiples of a step, most of them to zero. That is
seen where the same blocks are looked at again, whatever the file is by then: in a file that keeps
pixels as they are, by small coefficients on the grid of those blocks alone; in a JPEG that was
saved again on the same grid with finer steps, by values that no multiple of the coarser step gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Integer
from numpy import ndarray
from scipy.fft import dctn

BLOCK: Final = 8
_SMALL: Final = 1.0
"""A coefficient below it, in grey levels, is taken for one that was rounded to zero."""
_ROUNDED: Final = 0.05
"""More small coefficients on a grid than beside it, from which on rounding is believed."""
_COARSEST: Final = 40
_LEAST: Final = 60
"""Coefficients in bins that a coarser step leaves empty, from which on emptiness tells."""
_EMPTY: Final = 0.7
"""From so much of them missing on, a coarser step is believed."""

Grey = Float[ndarray, "row column"]
Table = Integer[ndarray, "8 8"]

LOW: Final = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (0, 3), (3, 0), (2, 2))
"""Coefficients of low frequency, which few steps round to zero."""


def earlier_jpeg(grey: Grey, *, own_grid: bool) -> float:
    """How coarsely pixels were rounded by an earlier JPEG, on whatever grid; 0 where by none.

    The share of small coefficients on the grid, less that half a block beside it: what is shown is
    the same on both. `own_grid`: the file itself is a JPEG, whose own grid is not looked at.
    """
    if min(grey.shape) < 3 * BLOCK:
        return 0.0
    down, across = _offset(grey.T), _offset(grey)
    if own_grid and (down, across) == (0, 0):
        return 0.0
    half = BLOCK // 2
    beside = ((down + half) % BLOCK, (across + half) % BLOCK)
    more = _small_share(grey, down, across) - _small_share(grey, *beside)
    return more if more >= _ROUNDED else 0.0


def _offset(grey: Grey) -> int:
    """Where blocks begin across, of 8 columns: there neighbours differ more than beside it."""
    # The step between two columns less what the slopes on either side foretell; edges of things
    # that are shown count no more than faint steps.
    by_column = np.minimum(np.abs(np.diff(grey, 3, axis=1)), 16.0).mean(axis=0)
    # The third difference at column c has its middle between c + 1 and c + 2.
    sums = [by_column[(start - 2) % BLOCK :: BLOCK].mean() for start in range(BLOCK)]
    return int(np.argmax(sums))


def _small_share(grey: Grey, down: int, across: int) -> float:
    blocks = _coefficients(grey[down:, across:])
    if not len(blocks):
        return 0.0
    late = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)) >= 3
    return float((np.abs(blocks[:, late]) < _SMALL).mean())


def _coefficients(grey: Grey) -> Float[ndarray, "block 8 8"]:
    rows, columns = grey.shape[0] // BLOCK, grey.shape[1] // BLOCK
    part = grey[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    found = dctn(part, axes=(1, 3), norm="ortho").swapaxes(1, 2)
    return np.asarray(found.reshape(-1, BLOCK, BLOCK))


def coarser_step(luminance: Grey, table: Table) -> float:
    """How surely a JPEG was saved before with coarser steps on the same grid, from 0 to 1.

    luminance: as decoded, its corner on the grid. table: the file's own steps.

    Multiples of a coarser step, rounded to the file's own one, leave some of its multiples empty
    (Popescu and Farid, 2004). The share of what neighbours let expect there that is missing, for
    the step that leaves the most missing, averaged over coefficients of low frequency.
    """
    blocks = _coefficients(luminance - 128.0)
    found = []
    for row, column in LOW:
        own = int(table[row, column])
        missing = _missing(np.rint(blocks[:, row, column] / own).astype(np.int64), own)
        if missing is not None:
            found.append(missing)
    if not found:
        return 0.0
    # Half of them at least: a picture may have gaps in one coefficient by chance.
    typical = float(np.median(found))
    return typical if typical >= _EMPTY else 0.0


def _missing(values: Integer[ndarray, " block"], own: int) -> float | None:
    """The largest share of expected values that a coarser step would explain the lack of."""
    most = int(np.abs(values).max(initial=0))
    if most < 2:
        return None
    counts = np.bincount(np.abs(values), minlength=most + 1).astype(np.float64)
    best = None
    for step in range(own + 1, _COARSEST):
        empty = _unreachable(step, own, most)
        if not empty.any():
            continue
        expected, seen = _expected(counts, empty)
        if expected < _LEAST:
            continue
        share = 1.0 - min(seen / expected, 1.0)
        best = share if best is None else max(best, share)
    return best


def _unreachable(step: int, own: int, most: int) -> Bool[ndarray, " value"]:
    """Which multiples of the own step, from 0 on, no multiple of the coarser one rounds to."""
    reached = np.rint(np.arange(0, most * own + step, step) / own).astype(np.int64)
    empty = np.ones(most + 1, bool)
    empty[reached[reached <= most]] = False
    return empty


def _expected(
    counts: Float[ndarray, " value"], empty: Bool[ndarray, " value"]
) -> tuple[float, float]:
    """How many values bins should hold by their neighbours that are reached, and how many do."""
    reached = np.flatnonzero(~empty)
    at = np.flatnonzero(empty)
    at = at[at < reached[-1]]  # beyond, there is no neighbour on one side
    # Values fall off as a power of e: bins between have the geometric mean of their neighbours.
    expected = np.exp(np.interp(at, reached, np.log(counts[reached] + 0.5))) - 0.5
    return float(np.maximum(expected, 0.0).sum()), float(counts[at].sum())


def table_of(steps: Sequence[int]) -> Table:
    """Quantisation steps by row and column, from the order in which Pillow gives them."""
    return np.asarray(steps, np.int64).reshape(BLOCK, BLOCK)
