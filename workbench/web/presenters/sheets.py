"""Pictures to take away: how large a sheet is, what its head says, where its parts lie.

All lengths are in units of the drawing, which a PNG draws with two pixels each.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

MARGIN = 24.0
HEAD = 74.0
"""From the sheet's upper edge to what it shows."""
LINE = 16.0
LETTER = 6.4
"""Mean width of a letter of the head's second line, 12 units high."""

Corner = tuple[float, float]
"""(x, y) of a part's upper left."""


@dataclass(frozen=True)
class Head:
    """What stands above a picture."""

    title: str
    facts: Iterable[str]
    """Collection, version, filters: one after the other, in three lines at most."""
    warning: str = ""
    """Why figures are doubtful, in lines of its own."""


@dataclass(frozen=True)
class Sheet:
    """A picture's head and size; `corners` are the upper left ones of its parts, in order."""

    title: str
    facts: tuple[str, ...]
    """Lines below the title: collection, version, filters, what is doubtful."""
    width: float
    height: float
    corners: tuple[Corner, ...] = ()

    @property
    def top(self) -> float:
        """Where what it shows begins."""
        return HEAD + LINE * (len(self.facts) - 1)


def sheet(head: Head, width: float, height: float) -> Sheet:
    """A sheet around one part of this size."""
    lines = (*_lines(head.facts, width), *wrapped(head.warning, _letters(width), 4))
    return Sheet(
        head.title,
        lines,
        width + 2 * MARGIN,
        HEAD + LINE * (len(lines) - 1) + height + MARGIN,
        ((MARGIN, HEAD + LINE * (len(lines) - 1)),),
    )


def grid(
    head: Head,
    count: int,
    *,
    columns: int,
    width: float,
    height: float,
    below: float = 0.0,
) -> Sheet:
    """A sheet of `count` parts in rows of `columns`, with room of `below` for a legend."""
    rows = max(1, -(-count // columns))
    whole = sheet(head, columns * width, rows * height + below)
    left, top = whole.corners[0]
    corners = tuple(
        (left + width * (number % columns), top + height * (number // columns))
        for number in range(count)
    )
    return Sheet(whole.title, whole.facts, whole.width, whole.height, corners)


def wrapped(text: str, letters: int, lines: int) -> tuple[str, ...]:
    """A text in at most so many lines of so many letters; what is left out shows as an ellipsis."""
    return tuple(
        textwrap.wrap(text, letters, max_lines=lines, placeholder="…", break_long_words=True)
    )


def _lines(facts: Iterable[str], width: float) -> tuple[str, ...]:
    text = " · ".join(fact for fact in facts if fact)
    return wrapped(text, _letters(width), 3) or ("",)


def _letters(width: float) -> int:
    return max(20, int(width / LETTER))
