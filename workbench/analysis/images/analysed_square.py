"""Which part of an original is analysed: the central square.

The one definition of how an original and its normalised copy lie over each other.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AnalysedSquare:
    """The square that is normalised, in pixels of an image of `width` x `height`."""

    width: int
    height: int

    @property
    def side(self) -> int:
        return min(self.width, self.height)

    @property
    def left(self) -> int:
        return (self.width - self.side) // 2

    @property
    def top(self) -> int:
        return (self.height - self.side) // 2

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom), right and bottom excluded."""
        return self.left, self.top, self.left + self.side, self.top + self.side

    @property
    def is_whole(self) -> bool:
        """Whether nothing lies outside of it."""
        return self.width == self.height

    @property
    def frame(self) -> tuple[float, float, float]:
        """(x, y, side) of the square that the whole image fits into, centred.

        In sides of the analysed square, from its upper left corner.
        """
        longest = max(self.width, self.height)
        x, y = (self.width - longest) / 2 - self.left, (self.height - longest) / 2 - self.top
        return x / self.side, y / self.side, longest / self.side
