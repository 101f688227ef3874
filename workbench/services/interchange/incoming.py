"""What files say of images, whatever their format, and what is wrong with a line of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from workbench.services.review.findings import UNSAID, Finding

LARGEST_FILE: Final = 2_000_000_000
"""Bytes."""
LARGEST_DOCUMENT: Final = 200_000_000
"""Bytes of a file that is one JSON document, which is read as a whole."""


@dataclass(frozen=True)
class RowError:
    """A line that cannot be imported. line: from 1; of JSON documents the number of the entry.

    column: its field; empty where the whole line is meant.
    """

    line: int
    column: str
    words: str


class LineError(Exception):
    """Raised where a line is read: which column of it is wrong, and why."""

    def __init__(self, column: str, words: str) -> None:
        super().__init__(words)
        self.column = column
        self.words = words


@dataclass(frozen=True)
class IncomingTag:
    """A tag by its name, as people wrote it."""

    name: str
    finding: Finding = UNSAID


@dataclass(frozen=True)
class IncomingRegion:
    """A mask or outlines on a picture of `size` (width, height).

    rle: COCO run lengths over `box` (left, top, width, height), column by column; empty where
    there are outlines. outlines: points in pixels of the picture.
    """

    size: tuple[int, int]
    tags: tuple[IncomingTag, ...]
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    rle: str = ""
    outlines: tuple[tuple[tuple[float, float], ...], ...] = ()
    tool: str = "brush"


@dataclass(frozen=True)
class Incoming:
    """What a line says of an image.

    content_hash, file_name: what it is found by, the hash first. decision: what was decided, so
    that it is decided here, too; label: what the image is, decided where it is taken for something
    else here.
    """

    line: int
    content_hash: str = ""
    file_name: str = ""
    decision: str | None = None
    label: str | None = None
    reason: str = ""
    regions: tuple[IncomingRegion, ...] = ()
    notes: tuple[dict[str, Any], ...] = field(default=())
