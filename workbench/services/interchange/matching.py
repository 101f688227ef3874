"""Lines of a file with the images that they mean, checked against what is there; some at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from flask_babel import gettext
from sqlalchemy import select

from workbench.services.errors import InvalidError, ServiceError
from workbench.services.interchange.from_coco import read_coco
from workbench.services.interchange.from_cvat import read_cvat
from workbench.services.interchange.from_jsonl import read_jsonl
from workbench.services.interchange.from_label_studio import read_label_studio
from workbench.services.interchange.from_table import read_table
from workbench.services.interchange.incoming import (
    LARGEST_FILE,
    Incoming,
    IncomingTag,
    LineError,
    RowError,
)
from workbench.services.interchange.masks_in import Placed, placed
from workbench.services.interchange.notes_in import note_of
from workbench.services.review.decisions import decisions_on, label_by
from workbench.services.review.findings import Finding
from workbench.services.review.tags import clean_name
from workbench.store.database import session
from workbench.store.folding import folded
from workbench.store.id_lists import listed
from workbench.store.image_files import original_location
from workbench.store.images import Image
from workbench.store.judgements import Tag

SUFFIXES: Final = {
    "jsonl": ".jsonl",
    "csv": ".csv",
    "coco": ".json",
    "label_studio": ".json",
    "cvat": ".xml",
}
"""How files of each format end."""
FORMATS: Final = tuple(SUFFIXES)
AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Matched:
    """A line with its image: what is to be decided, and what lies where.

    decision: None where that is decided, or taken for so, already.
    """

    image_id: int
    decision: str | None
    decided: str | None
    """What is decided now."""
    reason: str
    regions: tuple[tuple[Placed, tuple[IncomingTag, ...]], ...]
    notes: tuple[Mapping[str, Any], ...]


def lines_of(path: Path, form: str, columns: Mapping[str, str]) -> Iterator[Incoming | RowError]:
    """The lines of a file. Raises InvalidError for what is no such file."""
    if path.stat().st_size > LARGEST_FILE:
        raise InvalidError(
            gettext("A file has at most %(most)s MB.", most=LARGEST_FILE // 1_000_000)
        )
    if form == "csv":
        return read_table(path, columns)
    readers = {
        "jsonl": read_jsonl,
        "coco": read_coco,
        "label_studio": read_label_studio,
        "cvat": read_cvat,
    }
    if form not in readers:
        raise InvalidError(gettext("Unknown format “%(form)s”.", form=form))
    return readers[form](path)


class Matching:
    """Finds the images of lines in a collection; each at most once."""

    def __init__(self, collection_id: int) -> None:
        self._collection_id = collection_id
        self._by_name: dict[str, list[int]] | None = None
        self._line_of: dict[int, int] = {}
        deprecated = session().execute(
            select(Tag.folded_name, Tag.name).where(
                Tag.state == "deprecated", Tag.withdrawn_at.is_(None)
            )
        )
        self._deprecated = dict(deprecated.tuples().all())

    def chunks(
        self, lines: Iterable[Incoming | RowError]
    ) -> Iterator[tuple[list[Matched], list[RowError]]]:
        """Some lines at a time: those that can be imported, and what is wrong with the others."""
        rest = iter(lines)
        while some := list(islice(rest, AT_ONCE)):
            wrong = [each for each in some if isinstance(each, RowError)]
            right: list[Matched] = []
            incoming = [each for each in some if isinstance(each, Incoming)]
            found = self._found(incoming)
            images = self._images([each for each in found if isinstance(each, int)])
            decided = decisions_on(list(images))
            for line, image_id in zip(incoming, found, strict=True):
                try:
                    right.append(self._matched(line, image_id, images, decided))
                except LineError as error:
                    wrong.append(RowError(line.line, error.column, error.words))
            session().rollback()
            yield right, sorted(wrong, key=lambda each: each.line)

    def _matched(
        self,
        line: Incoming,
        image_id: int | LineError,
        images: Mapping[int, Image],
        decided: Mapping[int, str],
    ) -> Matched:
        if isinstance(image_id, LineError):
            raise image_id
        if (earlier := self._line_of.get(image_id)) is not None:
            raise LineError(
                "",
                gettext("This image was in line %(line)s already.", line=earlier),
            )
        self._line_of[image_id] = line.line
        image = images[image_id]
        now = decided.get(image_id)
        wanted = line.decision
        if wanted is None and line.label != label_by(image.label, now):
            wanted = line.label
        return Matched(
            image_id,
            None if wanted == now else wanted,
            now,
            line.reason,
            tuple(
                (placed(image, region), tuple(self._tag(each) for each in region.tags))
                for region in line.regions
            ),
            tuple(note_of(each) for each in line.notes),
        )

    def _tag(self, tag: IncomingTag) -> IncomingTag:
        try:
            name = clean_name(tag.name)
        except ServiceError as error:
            raise LineError("tag", str(error)) from error
        if deprecated := self._deprecated.get(folded(name)):
            raise LineError(
                "tag",
                gettext("“%(tag)s” is deprecated: it is put on nothing any more.", tag=deprecated),
            )
        return IncomingTag(name, Finding(tag.finding.reason.strip(), tag.finding.severity))

    def _images(self, ids: Sequence[int]) -> dict[int, Image]:
        found = session().scalars(select(Image).where(Image.id.in_(select(listed(session(), ids)))))
        return {each.id: each for each in found}

    def _found(self, lines: Sequence[Incoming]) -> list[int | LineError]:
        hashes = {each.content_hash for each in lines if each.content_hash}
        rows = session().execute(
            select(Image.content_hash, Image.id).where(
                Image.collection_id == self._collection_id, Image.content_hash.in_(hashes)
            )
        )
        by_hash = dict(rows.tuples().all())
        return [self._one(each, by_hash) for each in lines]

    def _one(self, line: Incoming, by_hash: Mapping[str, int]) -> int | LineError:
        if line.content_hash in by_hash:
            return by_hash[line.content_hash]
        name = line.file_name.replace("\\", "/").strip("/")
        if not name:
            return LineError(
                "content_hash" if line.content_hash else "file_name",
                gettext("No image has this hash.")
                if line.content_hash
                else gettext("Nothing says which image is meant."),
            )
        found = self._named(name)
        if len(found) == 1:
            return found[0]
        return LineError(
            "file_name",
            gettext("There is no image “%(name)s” in the collection.", name=name)
            if not found
            else gettext(
                "%(count)s images are called “%(name)s”. Name them with their folders.",
                count=len(found),
                name=name,
            ),
        )

    def _named(self, name: str) -> list[int]:
        """The images whose path ends with this one."""
        if self._by_name is None:
            self._by_name = self._names()
        return self._by_name.get(name, [])

    def _names(self) -> dict[str, list[int]]:
        """Images by the ends of their paths: the file's name, with one folder, with two, ..."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        rows = session().execute(
            select(Image.id, Image.original_uri).where(Image.collection_id == self._collection_id)
        )
        for image_id, uri in rows:
            path, row = original_location("file:///" + uri.removeprefix("file://"), None)
            parts = path.parts[1:]
            inside = "" if row is None else f"#{row}"
            for count in range(1, min(len(parts), _FOLDERS) + 1):
                found["/".join(parts[-count:]) + inside].append(image_id)
        return found


_FOLDERS: Final = 5
"""A file is found by its name with so many parts of its path at most."""
