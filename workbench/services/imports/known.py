"""What a collection holds already: its images as earlier imports wrote them."""

from __future__ import annotations

import errno
from collections import defaultdict
from collections.abc import Collection as Some
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, select

from workbench.services.sources.entries import Candidate, Entry
from workbench.services.sources.labels import UNLABELLED
from workbench.services.sources.originals import (
    Original,
    OriginalChangedError,
    OriginalMissingError,
    read_imported,
)
from workbench.store.database import session
from workbench.store.image_files import original_location, original_uri
from workbench.store.images import Image

_COLUMNS: Final = (
    Image.id,
    Image.original_uri,
    Image.content_hash,
    Image.pixel_hash,
    Image.file_size,
    Image.modified_ns,
    Image.name,
    Image.label,
    Image.generator,
    Image.class_name,
    Image.group_key,
    Image.held_out,
    Image.format,
    Image.width,
    Image.height,
    Image.date,
)
_GONE: Final = (errno.ENOENT, errno.ENOTDIR)


class Found(Protocol):
    """A file that was read."""

    @property
    def content_hash(self) -> str: ...
    @property
    def uri(self) -> str: ...


@dataclass(frozen=True)
class Known:
    """An image of the collection; its id is 0 while its row is not written yet."""

    id: int
    original_uri: str
    content_hash: str
    pixel_hash: str
    file_size: int
    modified_ns: int
    name: str
    label: str | None
    generator: str
    class_name: str
    group_key: str
    held_out: bool
    format: str
    width: int
    height: int
    date: str | None

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> Known:
        """An image whose row is about to be written."""
        return cls(0, **{each.key: row[each.key] for each in _COLUMNS[1:]})

    @property
    def written_label(self) -> str:
        """Its label as a source writes it."""
        return self.label or UNLABELLED

    @property
    def kind(self) -> str:
        """Format and size."""
        return kind_words(self.format, self.width, self.height)

    @property
    def content(self) -> str:
        """What tells its content from another, for people."""
        return f"{self.kind} ({self.content_hash[:12]})"

    def has_facts(self, facts: tuple[int, int] | None) -> bool:
        """Whether a file of this size and time of change is the one that was imported."""
        return (self.file_size, self.modified_ns) == facts


def kind_words(form: str, width: int, height: int) -> str:
    """Format and size of a picture."""
    return f"{form} {width} × {height}"


def uri_of(entry: Entry, image_root: Path | None) -> str:
    """The URI that an entry's image is imported with; empty for a refusal of no file."""
    path = entry.path
    if path is None:
        return ""
    # A refused entry may lie outside of the root; its URI is shown all the same.
    row = entry.inside.row if isinstance(entry, Candidate) and entry.inside else None
    inside = image_root and path.is_relative_to(image_root)
    return original_uri(path, image_root if inside else None, row)


def images_at(collection_id: int, uris: Some[str]) -> dict[str, tuple[Known, ...]]:
    """The collection's images that were imported from these places, the newest first."""
    found = defaultdict[str, tuple[Known, ...]](tuple)
    for known in _found(collection_id, Image.original_uri.in_(uris)):
        found[known.original_uri] = (known, *found[known.original_uri])
    return found


def images_with(collection_id: int, content_hashes: Some[str]) -> dict[str, Known]:
    """The collection's images with these contents."""
    found = _found(collection_id, Image.content_hash.in_(content_hashes))
    return {known.content_hash: known for known in found}


def _found(collection_id: int, which: ColumnElement[bool]) -> list[Known]:
    rows = session().execute(
        select(*_COLUMNS).where(Image.collection_id == collection_id, which).order_by(Image.id)
    )
    return [Known(*row) for row in rows]


def is_gone(known: Known, image_root: Path | None) -> bool:
    """Whether its original is no longer where it was imported from, or another file is there.

    Only a file that was touched is read. One that cannot be read for now is not gone.
    """
    path, row = original_location(known.original_uri, image_root)
    try:
        facts = path.stat()
    except OSError as error:
        return error.errno in _GONE
    size = facts.st_size if row is None else known.file_size
    if known.has_facts((size, facts.st_mtime_ns)):
        return False
    try:
        read_imported(Original(known.original_uri, known.content_hash), image_root)
    except OriginalChangedError:
        return True
    except OriginalMissingError:
        return False
    return False


def gone_from(
    collection_id: int, found: Iterable[Found], image_root: Path | None
) -> frozenset[int]:
    """The images that were found elsewhere while their originals are gone: they have moved."""
    places = {each.content_hash: each.uri for each in found}
    known = images_with(collection_id, places.keys())
    return frozenset(
        each.id
        for each in known.values()
        if each.original_uri != places[each.content_hash] and is_gone(each, image_root)
    )
