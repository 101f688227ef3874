"""Entries of a source: files to import, and what cannot be imported, with its reason."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Inside:
    """An image within a file of many."""

    row: int
    name: str
    """The image's own name; empty where it has none."""
    content: bytes


@dataclass(frozen=True)
class Candidate:
    """A file to import, with what its source says of it."""

    path: Path
    shown: str
    """Where it lies within the source, as it can be shown."""
    label: str
    """`real`, `fake`, or `none` for an image that nobody has labelled."""
    generator: str = ""
    group: str = ""
    """Empty where the source names none."""
    held_out: bool | None = None
    """None where the source leaves it open."""
    class_name: str = ""
    """What the image shows, by its source."""
    inside: Inside | None = None
    """Where the file holds many images, which of them this is."""
    date: str = ""
    """When it was made, as the source writes it; empty where it says nothing."""


@dataclass(frozen=True)
class Refusal:
    """An entry of the source that cannot be imported, and why."""

    path: Path | None
    shown: str
    reason: str


Entry = Candidate | Refusal


class ImageSource(Protocol):
    """Candidates and refusals, the same each time it is iterated."""

    def count(self, ends: float = math.inf) -> int:
        """Count the entries, reading no image. Raises InvalidError for what is no source at all.

        ends: moment of the monotonic clock after which no more than one is looked at.
        """

    def __iter__(self) -> Iterator[Entry]: ...


def display(name: str | Path) -> str:
    """A name as it can be shown: U+FFFD for what is no UTF-8, and for control characters."""
    # Bytes that are no UTF-8 are surrogates here (category Cs), one for each.
    return "".join(
        "\ufffd" if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in str(name)
    )
