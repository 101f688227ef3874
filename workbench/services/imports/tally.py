"""What an import is, and what it has committed so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from workbench.services.imports.changes import Acceptance, Change
from workbench.services.imports.groups import Groups
from workbench.services.imports.known import Known
from workbench.services.imports.near_duplicates import NearDuplicates

_REPORTED: Final = 1000


@dataclass
class Tally:
    """Counts of what is committed."""

    counts: Counter[str] = field(default_factory=Counter)
    rejections: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    accepted: bool = False
    """Whether something that the collection held was changed."""

    replaced: list[Known] = field(default_factory=list)
    """Images that left; of the whole import, none."""

    def add(self, other: Tally) -> None:
        self.counts += other.counts
        self.rejections += other.rejections[: _REPORTED - len(self.rejections)]
        self.notes += other.notes[: _REPORTED - len(self.notes)]
        self.changes += other.changes[: _REPORTED - len(self.changes)]
        self.accepted |= other.accepted


@dataclass(frozen=True)
class Importing:
    """The import that batches are of."""

    collection_id: int
    run_id: int
    near: NearDuplicates
    by: Acceptance
    groups: Groups = field(default_factory=Groups)
    allow_removed: bool = False
    """Whether pictures are taken again that were taken down."""
    moved: set[int] = field(default_factory=set)
    """Images whose files were found elsewhere, accepted or not."""


@dataclass(frozen=True)
class Place:
    """Where a file lies that other images were imported from, too: their files are not there."""

    uri: str
    content_hash: str
    shown: str
