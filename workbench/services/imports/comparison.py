"""How a source differs from what its collection holds: what a dry run can tell."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select

from workbench.analysis.images.file_types import UnusableImageError
from workbench.services.imports.changes import CONTENT, Change, changes_of, content_change, listed
from workbench.services.imports.known import Known, images_at, images_with, is_gone, uri_of
from workbench.services.imports.reading import size_and_time
from workbench.services.review.decisions import decisions_on
from workbench.services.sources.entries import Candidate, Entry
from workbench.services.sources.files import read_file
from workbench.store.database import session
from workbench.store.images import Collection, Image

_CHUNK: Final = 512
"""So many files are looked up at once."""
_LISTED: Final = 1000


def compared(entries: Iterable[Entry], comparison: Comparison | None) -> Iterator[Entry]:
    """All entries; the files among them are compared on the way, some at a time."""
    waiting: list[Candidate] = []
    for entry in entries:
        yield entry
        if comparison and isinstance(entry, Candidate):
            waiting.append(entry)
            if len(waiting) == _CHUNK:
                comparison.add(waiting)
                waiting = []
    if comparison:
        comparison.add(waiting)


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

    def __post_init__(self) -> None:
        here = Image.collection_id == self.collection_id
        self._sizes = frozenset(session().scalars(select(Image.file_size).where(here).distinct()))

    @classmethod
    def of(cls, name: str, image_root: Path | None) -> Comparison | None:
        """That with the collection of this name; None where there is none."""
        found = session().scalar(select(Collection.id).where(Collection.name == name))
        return None if found is None else cls(found, image_root)

    def add(self, images: Sequence[Candidate]) -> None:
        """Compare some more files."""
        uris = [uri_of(each, self.image_root) for each in images]
        at = images_at(self.collection_id, uris)
        for image, uri in zip(images, uris, strict=True):
            self._compare(image, uri, at.get(uri, ()))

    def changes(self) -> tuple[Change, ...]:
        """What differs, without the images of which the file turned up elsewhere."""
        found = [change for change, known in self._changes if self._stands(change, known)]
        return tuple(found[:_LISTED])

    def _stands(self, change: Change, known: Known) -> bool:
        return change.what != CONTENT or known.id not in self._moved

    def _compare(self, image: Candidate, uri: str, earlier: tuple[Known, ...]) -> None:
        facts = size_and_time(image)
        known = next((each for each in earlier if each.has_facts(facts)), None)
        if known is None and (earlier or facts[0] in self._sizes):
            content_hash = _content_hash(image)
            known = images_with(self.collection_id, {content_hash}).get(content_hash)
            self._note_overwritten(image, content_hash, earlier)
        if known is None:
            return
        if known.original_uri != uri:
            if not is_gone(known, self.image_root):
                return
            self._moved.add(known.id)
        if found := changes_of(known, image):
            decision = decisions_on([known.id]).get(known.id)
            self._changes += [(each, known) for each in listed(image.shown, found, decision)]
        else:
            self.counts["already" if known.original_uri == uri else "moved"] += 1

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
