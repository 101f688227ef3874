"""One of a version's layouts in its column store: the square that each image lies in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.layout.cells import FINEST_LEVEL, Block, grid_size


@dataclass(frozen=True, eq=False)
class LayoutColumns:
    """A layout: one entry an image, in the order of the store's."""

    name: str
    fine_column: NDArray[np.uint16]
    fine_row: NDArray[np.uint16]
    """Square of level `FINEST_LEVEL`."""
    block: Block
    """The part of level 0 that the images lie in."""
    largest_sensitivity: Mapping[int, float]
    """By level, the largest magnitude of its cells, in logits."""

    @property
    def coarsest(self) -> int:
        """Its coarsest level."""
        return min(self.largest_sensitivity, default=0)

    @property
    def finest(self) -> int:
        """Its finest level."""
        return max(self.largest_sensitivity, default=0)

    def squares_at(self, rows: NDArray[np.integer[Any]] | slice, level: int) -> NDArray[np.int64]:
        """The square of a level's grid that these images lie in, counted row by row."""
        shift = FINEST_LEVEL - level
        down = (self.fine_row[rows] >> shift).astype(np.int64)
        return down * grid_size(level)[0] + (self.fine_column[rows] >> shift)

    def place_of(self, row: int, level: int) -> tuple[int, int]:
        """Row and column of the cell of a level that an image lies in."""
        shift = FINEST_LEVEL - level
        return int(self.fine_row[row]) >> shift, int(self.fine_column[row]) >> shift

    def within(
        self, level: int, column: int, row: int, width: int, height: int
    ) -> NDArray[np.bool_]:
        """The images in a window of a level's grid."""
        shift = FINEST_LEVEL - level
        # Differences wrap around below zero, so that one comparison tests both sides.
        across = self.fine_column - np.uint16(column << shift)
        down = self.fine_row - np.uint16(row << shift)
        inside = (across < (width << shift)) & (down < (height << shift))
        return np.asarray(inside)
