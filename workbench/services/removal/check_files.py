"""Whether the files of the data directory are those that the database knows, and whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Select, or_, select

from workbench.config import Settings
from workbench.services.collections import find_collection
from workbench.services.columns.build import path_of
from workbench.services.image import paths
from workbench.services.pipeline.cleanup import YOUNG
from workbench.services.removal import journal
from workbench.services.similar import index_files
from workbench.store.artifacts import Artifact, file_digest
from workbench.store.database import session
from workbench.store.export_jobs import ExportJob
from workbench.store.image_files import kept_original_path, normalised_path
from workbench.store.images import Image
from workbench.store.results import CachedPart, Embedding, EmbeddingShard, PixelGroup, ResultShard
from workbench.store.versions import ModelVersion, StoredProjection

_CHUNK: Final = 500
LISTED: Final = 1000
"""So many files of a kind are named."""


@dataclass(frozen=True)
class FilesCheck:
    """What is wrong with the files. Paths are relative to the data directory.

    missing, changed: files that rows describe; cached ones, which are made again, are not among
        them.
    orphaned: files that nothing refers to; younger ones than a day may belong to work under way,
        and are not among them.
    unfinished: removals of which rows or files are left.
    """

    checked: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    orphaned: tuple[str, ...]
    deleted: int = 0
    unfinished: int = 0

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        left = len(self.orphaned) - self.deleted
        return not (self.missing or self.changed or left or self.unfinished)

    def as_json(self) -> dict[str, Any]:
        """As one object for JSON; of each kind the first are named."""
        named = {
            kind: {"count": len(found), "files": list(found[:LISTED])}
            for kind, found in (
                ("missing", self.missing),
                ("changed", self.changed),
                ("orphaned", self.orphaned),
            )
        }
        return (
            {"checked": self.checked}
            | named
            | {
                "deleted": self.deleted,
                "unfinished_removals": self.unfinished,
            }
        )


def check_files(
    settings: Settings, name: str | None = None, *, delete_orphans: bool = False
) -> FilesCheck:
    """Look for missing, changed and orphaned files, of all collections or one.

    Orphans belong to no collection: they are looked for only where none is named. Raises
    NotFoundError for an unknown collection.
    """
    collection_id = find_collection(name).id if name is not None else None
    missing: list[str] = []
    changed: list[str] = []
    checked = 0
    for path, digest in _described(settings, collection_id):
        checked += 1
        found = _digest(path)
        if found != digest:
            (missing if found is None else changed).append(_shown(path, settings))
    orphans = _orphans(settings) if name is None else []
    deleted = sum(_delete(each) for each in orphans) if delete_orphans else 0
    return FilesCheck(
        checked,
        tuple(missing),
        tuple(changed),
        tuple(_shown(each, settings) for each in orphans),
        deleted,
        len(journal.pending()),
    )


def _described(settings: Settings, collection_id: int | None) -> Iterator[tuple[Path, str]]:
    """Each file that a row describes, with its digest."""
    images = select(Image.id, Image.pixel_hash, Image.plain_pixel_hash, Image.content_hash)
    artifacts = select(Artifact.id, Artifact.path, Artifact.sha256)
    if collection_id is not None:
        images = images.where(Image.collection_id == collection_id)
        artifacts = artifacts.where(Artifact.id.in_(_artifacts_of(collection_id)))
    seen: set[str] = set()
    for chunk in _rows(images, Image.id):
        for _id, *copies, content_hash in chunk:
            for copy in copies:
                if copy and copy not in seen:
                    yield normalised_path(settings.image_dir, copy), copy
            kept = kept_original_path(settings.original_dir, content_hash)
            if kept.exists():
                yield kept, content_hash
        seen = {copy for _id, *copies, _content_hash in chunk for copy in copies if copy}
    for chunk in _rows(artifacts, Artifact.id):
        for _id, path, digest in chunk:
            yield settings.artifact_dir / path, digest


def _artifacts_of(collection_id: int) -> Select[tuple[int]]:
    versions = select(ModelVersion.id).where(ModelVersion.collection_id == collection_id)
    of_images = (
        select(Embedding.shard_id)
        .join(Image, Image.pixel_hash == Embedding.pixel_hash)
        .where(Image.collection_id == collection_id)
    )
    weights = select(ModelVersion.weights_id).where(ModelVersion.collection_id == collection_id)
    results = select(ResultShard.artifact_id).where(ResultShard.version_id.in_(versions))
    embeddings = select(EmbeddingShard.artifact_id).where(EmbeddingShard.id.in_(of_images))
    projections = select(StoredProjection.artifact_id).where(
        StoredProjection.collection_id == collection_id
    )
    either = (Artifact.id.in_(each) for each in (weights, results, embeddings, projections))
    return select(Artifact.id).where(or_(*either))


def _rows(query: Select[Any], key: Any) -> Iterator[list[Any]]:
    """Rows in chunks, by ascending key, which is the first column."""
    after = 0
    while True:
        found = list(session().execute(query.where(key > after).order_by(key).limit(_CHUNK)))
        session().rollback()
        if not found:
            return
        yield found
        after = found[-1][0]


def _digest(path: Path) -> str | None:
    try:
        return file_digest(path)
    except FileNotFoundError:
        return None


def _orphans(settings: Settings) -> list[Path]:
    """Files that no row refers to, by the folder that they lie in."""
    known: tuple[tuple[Path, Callable[[Path], str], Callable[[Collection[str]], set[str]]], ...] = (
        (settings.image_dir, _stem, _pixel_hashes),
        (settings.original_dir, _stem, _content_hashes),
        (settings.artifact_dir, _below(settings.artifact_dir), _paths_of(Artifact)),
        (settings.export_dir, _name, _exports),
        (settings.part_dir, _below(settings.part_dir), _paths_of(CachedPart)),
        (settings.cache_dir / "thumbnails", _stem, _pixel_hashes),
        (paths.originals_folder(settings), _original, _content_hashes),
        (paths.crops_folder(settings), _crop(settings), _crops),
        (settings.cache_dir / "columns", _name, lambda _names: _columns(settings)),
        (index_files.root(settings), _folder, lambda _names: _indexes(settings)),
    )
    found = []
    for folder, name_of, known_among in known:
        files = (each for each in sorted(folder.rglob("*")) if _may_be_stray(each))
        while chunk := list(islice(files, _CHUNK)):
            names = {path: name_of(path) for path in chunk}
            there = known_among(set(names.values()))
            session().rollback()
            found += [path for path, each in names.items() if each not in there]
    return found


def _may_be_stray(path: Path) -> bool:
    if path.name == index_files.LOCK or not path.is_file():
        return False
    try:
        return time.time() - path.stat().st_mtime >= YOUNG.total_seconds()
    except FileNotFoundError:
        return False  # it was removed just now


def _stem(path: Path) -> str:
    return path.stem


def _name(path: Path) -> str:
    return path.name


def _folder(path: Path) -> str:
    return path.parent.name


def _below(folder: Path) -> Callable[[Path], str]:
    return lambda path: path.relative_to(folder).as_posix()


def _original(path: Path) -> str:
    """The hash that a whole picture is named by, or the folder of a tile."""
    return path.parent.name if len(path.parent.name) > len("ab") else path.stem


def _crop(settings: Settings) -> Callable[[Path], str]:
    """The version and what is shown of it; the sizes are alike."""
    folder = paths.crops_folder(settings)
    return lambda path: f"{path.relative_to(folder).parts[0]}/{path.stem}"


def _pixel_hashes(names: Collection[str]) -> set[str]:
    found: set[str | None] = set()
    for copy in (Image.pixel_hash, Image.plain_pixel_hash):
        found |= set(session().scalars(select(copy).where(copy.in_(names))))
    return {each for each in found if each}


def _content_hashes(names: Collection[str]) -> set[str]:
    return set(session().scalars(select(Image.content_hash).where(Image.content_hash.in_(names))))


def _paths_of(table: type[Artifact | CachedPart]) -> Callable[[Collection[str]], set[str]]:
    return lambda names: set(session().scalars(select(table.path).where(table.path.in_(names))))


def _crops(names: Collection[str]) -> set[str]:
    """Crops of groups that are there, and those of dimensions of images that are there."""
    parts = [each.split("/", 1) for each in names]
    groups = {int(name) for _version, name in parts if name.isdecimal()}
    there = session().execute(
        select(PixelGroup.version_id, PixelGroup.id).where(PixelGroup.id.in_(groups))
    )
    known = {f"{version_id}/{group_id}" for version_id, group_id in there}
    patches = {f"{version}/{name}": name.split("-") for version, name in parts if "-" in name}
    ids = {int(words[-1]) for words in patches.values() if words[-1].isdecimal()}
    images = set(session().scalars(select(Image.id).where(Image.id.in_(ids))))
    versions = {str(each) for each in session().scalars(select(ModelVersion.id))}
    return known | {
        key
        for key, words in patches.items()
        if len(words) == len(("dimension", "number", "image"))
        and words[-1].isdecimal()
        and int(words[-1]) in images
        and key.split("/", 1)[0] in versions
    }


def _columns(settings: Settings) -> set[str]:
    return {path_of(settings, each).name for each in session().scalars(select(ModelVersion.id))}


def _exports(names: Collection[str]) -> set[str]:
    ids = [int(each) for each in names if each.isdecimal()]
    return {
        str(each) for each in session().scalars(select(ExportJob.id).where(ExportJob.id.in_(ids)))
    }


def _indexes(settings: Settings) -> set[str]:
    return {
        index_files.folder_of(each, settings).name
        for each in session().scalars(select(ModelVersion))
    }


def _delete(path: Path) -> int:
    path.unlink(missing_ok=True)
    return 1


def _shown(path: Path, settings: Settings) -> str:
    return path.relative_to(settings.data_dir).as_posix()
