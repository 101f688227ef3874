"""Whether an image was a JPEG before it was saved as what it is now.

JPEG rounds the coefficients of 8 x 8 blocks to multiples of a step, most of them to zero. That is
seen where the same blocks are looked at again, whatever the file is by then: in a file that keeps
pixels as they are, by small coefficients on the grid of those blocks alone; in a JPEG that was
saved again on the same grid with finer steps, by values that no multiple of the coarser step gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray
from scipy.fft import dctn

BLOCK: Final = 8
_SMALL: Final = 1.0
"""A coefficient below it, in grey levels, is taken for one that was rounded to zero."""
_ROUNDED: Final = 0.05
"""More small coefficients on a grid than beside it, from which on rounding is believed."""
_COARSEST: Final = 40
_LARGEST: Final = 1_040
"""No coefficient of a block of bytes is larger."""
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
    gaps = _gaps(own).up_to(most)
    # Values fall off as a power of e: bins between have the geometric mean of their neighbours.
    logs = np.log(counts + 0.5)
    between = logs[gaps.below] + gaps.part * (logs[gaps.above] - logs[gaps.below])
    expected = np.bincount(gaps.step, np.maximum(np.exp(between) - 0.5, 0.0), _COARSEST)
    seen = np.bincount(gaps.step, counts[gaps.at], _COARSEST)
    tells = expected >= _LEAST
    if not tells.any():
        return None
    return float((1.0 - np.minimum(seen[tells] / expected[tells], 1.0)).max())


class _Gaps(NamedTuple):
    """Multiples of a file's own step that no multiple of a coarser one rounds to, of every step.

    step: the coarser step. at: the multiple. below, above: the nearest ones that are reached.
    part: of the way from one of these to the other. In the order of `above`.
    """

    step: Integer[ndarray, " gap"]
    at: Integer[ndarray, " gap"]
    below: Integer[ndarray, " gap"]
    above: Integer[ndarray, " gap"]
    part: Float[ndarray, " gap"]

    def up_to(self, most: int) -> _Gaps:
        """Those between multiples that are at most so large."""
        within = int(np.searchsorted(self.above, most, side="right"))
        return _Gaps(*(each[:within] for each in self))


@cache
def _gaps(own: int) -> _Gaps:
    most = _LARGEST // own
    found = []
    for step in range(own + 1, _COARSEST):
        multiples = np.arange(0, (most + 1) * own + step, step)
        reached = np.unique(np.rint(multiples / own).astype(np.int64))
        at = np.setdiff1d(np.arange(reached[-1]), reached)
        above = np.searchsorted(reached, at)
        below = reached[above - 1]
        part = (at - below) / (reached[above] - below)
        found.append(_Gaps(np.full(len(at), step), at, below, reached[above], part))
    if not found:
        none = np.empty(0, np.int64)
        return _Gaps(none, none, none, none, none.astype(np.float64))
    every = _Gaps(*(np.concatenate(each) for each in zip(*found, strict=True)))
    order = np.argsort(every.above, kind="stable")
    return _Gaps(*(each[order] for each in every))


def table_of(steps: Sequence[int]) -> Table:
    """Quantisation steps by row and column, from the order in which Pillow gives them."""
    return np.asarray(steps, np.int64).reshape(BLOCK, BLOCK)
