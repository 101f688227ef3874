"""What a removal takes away, in figures: said before anything goes, and kept after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import DeclarativeBase

from workbench.store.database import session


@dataclass(frozen=True)
class Counts:
    """How much of each kind goes. `size` is in bytes."""

    images: int = 0
    versions: int = 0
    scores: int = 0
    pixel_groups: int = 0
    patterns: int = 0
    """Of an image: those that have no other member."""
    embeddings: int = 0
    verdicts: int = 0
    """Standing ones and adjudications, like notes, tags and answers: people's work."""
    notes: int = 0
    tags: int = 0
    """On pixel groups and patterns; the taxonomy keeps their names."""
    drawn: int = 0
    """Regions that people drew."""
    answers: int = 0
    """To the question whether a pattern's tag fits."""
    files: int = 0
    size: int = 0

    @property
    def work(self) -> int:
        """How much of it people did by hand."""
        return self.verdicts + self.notes + self.tags + self.drawn + self.answers

    def as_json(self) -> dict[str, int]:
        """As plain JSON, without what is 0."""
        return {each.name: found for each in fields(self) if (found := getattr(self, each.name))}


def counts_of(kept: dict[str, int]) -> Counts:
    """What `as_json` wrote."""
    return Counts(**kept)


def count(table: type[DeclarativeBase], *conditions: ColumnElement[bool]) -> int:
    """How many rows meet these conditions."""
    counted = select(func.count()).select_from(table).where(*conditions)
    return session().scalar(counted) or 0


def on_disk(paths: Iterable[Path]) -> tuple[int, int]:
    """How many files there are at or below these paths, and their bytes."""
    found = [size for path in paths for size in _sizes(path)]
    return len(found), sum(found)


def _sizes(path: Path) -> list[int]:
    try:
        if not path.is_dir():
            return [path.stat().st_size]
        return [each.stat().st_size for each in path.rglob("*") if each.is_file()]
    except FileNotFoundError:
        return []


def added(counts: Iterable[Counts]) -> Counts:
    """The sum of several."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each.as_json())
    return Counts(**total)
