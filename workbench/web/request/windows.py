"""Which part of the layout a view shows: levels, windows and the steps between them.

Level 0 is shown whole. A finer level is shown through a window of as many cells as level 0 has,
so glyphs keep their size and their number stays bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_COLUMNS = 16
WINDOW_ROWS = 12


@dataclass(frozen=True)
class LevelWindow:
    """A level and the window's corner and size, in cells of that level."""

    level: int
    column: int
    row: int
    columns: int
    rows: int

    @property
    def middle(self) -> tuple[float, float]:
        """Middle of the window, in cells of this level."""
        return self.column + self.columns / 2, self.row + self.rows / 2

    def holds(self, left: float, top: float, side: float) -> bool:
        """Whether a square lies in it; see `square`."""
        return left >= 0 and left + side <= self.columns and top >= 0 and top + side <= self.rows


def window_around(
    level: int, middle: tuple[float, float], grid_columns: int, grid_rows: int
) -> LevelWindow:
    """The window of a level whose middle is as near to `middle` as the grid's edges allow."""
    columns = min(WINDOW_COLUMNS, grid_columns)
    rows = min(WINDOW_ROWS, grid_rows)
    column = round(middle[0] - columns / 2)
    row = round(middle[1] - rows / 2)
    return LevelWindow(
        level,
        min(max(0, column), grid_columns - columns),
        min(max(0, row), grid_rows - rows),
        columns,
        rows,
    )


def around(
    level: int, middle: tuple[float, float], target: int, grid_columns: int, grid_rows: int
) -> LevelWindow:
    """The window of level `target` around a point given in cells of `level`, with its grid."""
    factor = 2.0 ** (target - level)
    return window_around(
        target,
        (middle[0] * factor, middle[1] * factor),
        max(1, round(grid_columns * factor)),
        max(1, round(grid_rows * factor)),
    )


def moved(
    window: LevelWindow, columns: int, rows: int, grid_columns: int, grid_rows: int
) -> LevelWindow | None:
    """The window moved by so many cells; None where the edge is reached already."""
    x, y = window.middle
    there = window_around(window.level, (x + columns, y + rows), grid_columns, grid_rows)
    return there if there != window else None


def square(level: int, column: int, row: int, window: LevelWindow) -> tuple[float, float, float]:
    """Left, top and side of another level's cell, in cells of the window shown."""
    factor = 2.0 ** (window.level - level)
    return column * factor - window.column, row * factor - window.row, factor
