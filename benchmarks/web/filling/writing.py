"""What all that write the many rows share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.web.filling.bulk import Bulk
from benchmarks.web.filling.collection import Ids
from benchmarks.web.filling.made_up import Kinds, Made

CHUNK = 20_000
MOMENT = "2026-01-05 09:00:00.000000"
"""In UTC, as SQLite keeps it."""


@dataclass(frozen=True)
class Filling:
    """One database that is being filled. Ids of images and groups count from 1 without gaps."""

    bulk: Bulk
    ids: Ids
    kinds: Kinds
    made: Made
    seed: int

    @property
    def count(self) -> int:
        """The number of images."""
        return len(self.made.kind)

    def chunks(self) -> Iterator[slice]:
        """Parts of the images, to be written one after another."""
        for start in range(0, self.count, CHUNK):
            yield slice(start, min(start + CHUNK, self.count))


def counted(chunk: slice) -> list[int]:
    """Ids of a chunk's images."""
    return list(range(chunk.start + 1, chunk.stop + 1))


def as_json(values: list[float]) -> str:
    """A list of numbers, six digits each, as a JSON column keeps it."""
    return "[" + ", ".join(f"{value:.6g}" for value in values) + "]"
