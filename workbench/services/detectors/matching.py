"""Which image of a collection each row of a table of scores means."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from sqlalchemy import select

from workbench.config import Settings
from workbench.services.detectors.table import ScoreTable
from workbench.services.errors import InvalidError
from workbench.services.sources.entries import display
from workbench.services.sources.finder import Finder
from workbench.store.database import session
from workbench.store.image_files import original_location
from workbench.store.images import Image

_CHUNK: Final = 10_000
NAMED: Final = 20
"""So many of each list are named."""


@dataclass
class Matched:
    """Scores by image, and what of the table or the collection was left over.

    repeated: rows for an image that an earlier row gave the same score.
    empty: rows without a score.
    unknown: names of rows whose image is not in the collection; ambiguous: that could mean several.
    without: names of images that no row gives a score.
    """

    scores: dict[int, float] = field(default_factory=dict)
    rows: int = 0
    repeated: int = 0
    empty: int = 0
    unknown: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    id: int
    name: str
    content_hash: str
    path: tuple[str, ...]


def match(collection_id: int, table: ScoreTable, folder: Path, settings: Settings) -> Matched:
    """Find each row's image: by id, by the SHA-256 of its original, or by its path.

    A path means the image whose original's path ends with it. What ends so for no image is looked
    for below `folder` and known by its content: a duplicate that the import left out has its
    copy's score. Raises InvalidError where two rows give an image different scores.
    """
    known = _known(collection_id, settings)
    found = Matched(rows=len(table.rows))
    look_up = _look_up(table.key, known, folder, settings)
    contradicted: list[str] = []
    given_by: dict[int, int] = {}
    for row in table.rows:
        if row.p is None:
            found.empty += 1
            continue
        ids = look_up(row.name)
        if len(ids) != 1:
            (found.ambiguous if ids else found.unknown).append(display(row.name))
            continue
        (image_id,) = ids
        if found.scores.setdefault(image_id, row.p) != row.p:
            contradicted.append(f"rows {given_by[image_id]} and {row.number} ({display(row.name)})")
        elif image_id in given_by:
            found.repeated += 1
        given_by.setdefault(image_id, row.number)
    if contradicted:
        more = f" and {len(contradicted) - NAMED} more" if len(contradicted) > NAMED else ""
        raise InvalidError(
            f"Different scores for the same image: {'; '.join(contradicted[:NAMED])}{more}. "
            "Keep one score an image; nothing was imported."
        )
    found.without = [each.name for each in known if each.id not in found.scores]
    return found


def _known(collection_id: int, settings: Settings) -> list[_Known]:
    rows = session().execute(
        select(Image.id, Image.name, Image.content_hash, Image.original_uri)
        .where(Image.collection_id == collection_id)
        .order_by(Image.id)
        .execution_options(yield_per=_CHUNK)
    )
    found = [
        _Known(image_id, name, content_hash, _parts(original_location(uri, settings.image_root)[0]))
        for image_id, name, content_hash, uri in rows
    ]
    session().rollback()
    return found


def _look_up(
    key: str, known: list[_Known], folder: Path, settings: Settings
) -> Callable[[str], list[int]]:
    if key == "id":
        ids = {str(each.id): [each.id] for each in known}
        return lambda name: ids.get(name, [])
    digests = {each.content_hash: [each.id] for each in known}
    if key == "digest":
        return lambda name: digests.get(name.casefold().removeprefix("sha256:"), [])
    by_path = _ByPath(known)
    finder = Finder((folder,), settings.image_root)

    def of_path(name: str) -> list[int]:
        if ids := by_path.ending_with(name):
            return ids
        path, objection = finder.find(name) if name else (folder, "no name")
        return [] if objection else digests.get(_sha256(path), [])

    return of_path


class _ByPath:
    """Images by how their paths end."""

    def __init__(self, known: list[_Known]) -> None:
        self._by_name: dict[str, list[_Known]] = defaultdict(list)
        for each in known:
            for name in {each.path[-1], _normal(each.name)}:
                self._by_name[name].append(each)

    def ending_with(self, written: str) -> list[int]:
        """Ids of the images whose path, or own name within a file of many, ends with this one."""
        parts = _parts(PurePosixPath(written.replace("\\", "/")))
        if not parts:
            return []
        return [
            each.id
            for each in self._by_name.get(parts[-1], ())
            if each.path[-len(parts) :] == parts or (_normal(each.name),) == parts
        ]


def _parts(path: PurePath) -> tuple[str, ...]:
    return tuple(_normal(part) for part in path.parts if part != ".")


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
