"""How a source differs from what its collection holds: what a dry run can tell."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import select

from workbench.analysis.images.file_types import UnusableImageError
from workbench.services.imports.changes import (
    CONTENT,
    Change,
    changes_of,
    content_change,
    listed,
    split_contradiction,
)
from workbench.services.imports.groups import Groups
from workbench.services.imports.known import Known, images_at, images_with, is_gone, uri_of
from workbench.services.imports.reading import size_and_time
from workbench.services.imports.split import is_held_out
from workbench.services.review.decisions import decisions_on
from workbench.services.sources.entries import Candidate, Entry, Refusal
from workbench.services.sources.files import read_file
from workbench.store.database import session
from workbench.store.images import Collection, Image

_CHUNK: Final = 512
"""So many files are looked up at once."""
_LISTED: Final = 1000


def compared(entries: Iterable[Entry], comparison: Comparison | None) -> Iterator[Entry]:
    """All entries, the files among them compared, some at a time; those refused are refusals."""
    if comparison is None:
        yield from entries
        return
    rest = iter(entries)
    while chunk := list(islice(rest, _CHUNK)):
        yield from comparison.add(chunk)


@dataclass
class Comparison:
    """The files of a source against the images of a collection.

    Read are files that lie in an image's place with another size or time, and files of other places
    that have the size of an image; and no more of them than their bytes.
    """

    collection_id: int
    image_root: Path | None
    counts: Counter[str] = field(default_factory=Counter)
    """Files that are `already` imported, or `moved`."""
    _changes: list[tuple[Change, Known]] = field(default_factory=list)
    _moved: set[int] = field(default_factory=set)
    _sizes: frozenset[int] = frozenset()
    _groups: Groups = field(default_factory=Groups)
    _sides: dict[str, bool | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._groups = Groups.of(self.collection_id)
        here = Image.collection_id == self.collection_id
        self._sizes = frozenset(session().scalars(select(Image.file_size).where(here).distinct()))

    @classmethod
    def of(cls, name: str, image_root: Path | None) -> Comparison | None:
        """That with the collection of this name; None where there is none."""
        found = session().scalar(select(Collection.id).where(Collection.name == name))
        return None if found is None else cls(found, image_root)

    def add(self, entries: Sequence[Entry]) -> list[Entry]:
        """Compare some more files; those that the import would refuse come back as refusals."""
        images = [each for each in entries if isinstance(each, Candidate)]
        uris = [uri_of(each, self.image_root) for each in images]
        at = images_at(self.collection_id, uris)
        found = (
            self._compare(image, uri, at.get(uri, ()))
            for image, uri in zip(images, uris, strict=True)
        )
        return [next(found) if isinstance(each, Candidate) else each for each in entries]

    def changes(self) -> tuple[Change, ...]:
        """What differs, without the images of which the file turned up elsewhere."""
        found = [change for change, known in self._changes if self._stands(change, known)]
        return tuple(found[:_LISTED])

    def _stands(self, change: Change, known: Known) -> bool:
        return change.what != CONTENT or known.id not in self._moved

    def _compare(self, image: Candidate, uri: str, earlier: tuple[Known, ...]) -> Entry:
        facts = size_and_time(image)
        known = next((each for each in earlier if each.has_facts(facts)), None)
        if known is None and (earlier or facts[0] in self._sizes):
            content_hash = _content_hash(image)
            known = images_with(self.collection_id, {content_hash}).get(content_hash)
            self._note_overwritten(image, content_hash, earlier)
        if known is None:
            if image.group:
                drawn = is_held_out(image.group) if image.held_out is None else image.held_out
                self._groups.claim(image.group, drawn)
            return image
        if known.original_uri != uri:
            if not is_gone(known, self.image_root):
                return image
            self._moved.add(known.id)
        if reason := split_contradiction(known, image):
            return Refusal(image.path, image.shown, reason)
        if found := changes_of(known, image, self._groups):
            decision = decisions_on([known.id]).get(known.id)
            hindrance = self._groups.hindrance(known, found, self._side)
            changes = listed(image.shown, found, decision, hindrance)
            self._changes += [(each, known) for each in changes]
        else:
            self.counts["already" if known.original_uri == uri else "moved"] += 1
        return image

    def _side(self, group: str) -> bool | None:
        if group not in self._sides:
            self._sides[group] = session().scalar(
                select(Image.held_out)
                .where(Image.collection_id == self.collection_id, Image.group_key == group)
                .limit(1)
            )
        return self._sides[group]

    def _note_overwritten(
        self, image: Candidate, content_hash: str, earlier: tuple[Known, ...]
    ) -> None:
        old = [each for each in earlier if each.content_hash != content_hash]
        decisions = decisions_on([each.id for each in old])
        for each in old:
            change = content_change(
                image.shown, each, f"({content_hash[:12]})", decisions.get(each.id)
            )
            self._changes.append((change, each))


def _content_hash(image: Candidate) -> str:
    """Empty for a file that cannot be read, which the import says of it."""
    try:
        content = image.inside.content if image.inside else read_file(image.path)[0]
    except (OSError, UnusableImageError):
        return ""
    return hashlib.sha256(content).hexdigest()
