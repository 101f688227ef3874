"""Take away files and rows that nothing refers to: what killed, failed or old work left behind."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import delete, exists, select

from workbench.config import Settings
from workbench.services.columns.store import remove_columns_but
from workbench.services.encoding.shards import forget_shards
from workbench.services.similar import index_files
from workbench.store.artifacts import Artifact
from workbench.store.database import Base, now, session, transaction
from workbench.store.images import Image
from workbench.store.results import CachedPart, Embedding, EmbeddingShard
from workbench.store.versions import ModelVersion

YOUNG = timedelta(days=1)
"""A file is written before the row that refers to it: younger ones may belong to work under way."""
_CHUNK = 500


@dataclass(frozen=True)
class Swept:
    """How much was taken away: shards without images, and files of artifacts and of the cache."""

    shards: int
    artifacts: int
    cached: int


def sweep(settings: Settings, *, young: timedelta = YOUNG) -> Swept:
    """Remove shards whose images are gone, unused artifacts, and cache files of nothing that is."""
    without = _shards_without_images()
    forget_shards(without)
    _forget_unused_artifacts(young)
    return Swept(
        shards=len(without),
        artifacts=_remove_orphans(settings.artifact_dir, Artifact, young),
        # What is cut off here by a moment's chance is made again when it is asked for.
        cached=_remove_orphans(settings.part_dir, CachedPart, timedelta(0))
        + index_files.remove_others(_folders_of_versions(), settings, young)
        + remove_columns_but(_version_ids(), settings, young),
    )


def _version_ids() -> list[int]:
    found = list(session().scalars(select(ModelVersion.id)))
    session().rollback()
    return found


def _folders_of_versions() -> set[str]:
    """The folders of indexes that some version has, or may have."""
    found = session().execute(
        select(ModelVersion.id, Artifact.path).join(
            Artifact, Artifact.id == ModelVersion.weights_id
        )
    )
    names = {index_files.folder_name(version_id, path) for version_id, path in found}
    session().rollback()
    return names


def _shards_without_images() -> list[int]:
    image = exists().where(
        Embedding.shard_id == EmbeddingShard.id, Image.pixel_hash == Embedding.pixel_hash
    )
    found = list(session().scalars(select(EmbeddingShard.id).where(~image)))
    session().rollback()
    return found


def _forget_unused_artifacts(young: timedelta) -> None:
    """Delete the rows of artifacts that no other row refers to; their files are then orphans."""
    used = [
        exists().where(key.parent == Artifact.id)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == Artifact.__tablename__
    ]
    with transaction() as write:
        write.execute(
            delete(Artifact)
            .where(Artifact.created_at < now() - young, *(~each for each in used))
            .execution_options(synchronize_session=False)
        )


def _remove_orphans(directory: Path, table: type[Artifact | CachedPart], young: timedelta) -> int:
    removed, files = 0, _files(directory)
    while chunk := list(islice(files, _CHUNK)):
        paths = {path.relative_to(directory).as_posix(): path for path in chunk}
        known = set(session().scalars(select(table.path).where(table.path.in_(paths))))
        session().rollback()
        removed += _remove((paths[each] for each in paths.keys() - known), young)
    return removed


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file())


def _remove(paths: Iterable[Path], young: timedelta) -> int:
    removed = 0
    for path in paths:
        try:
            if time.time() - path.stat().st_mtime >= young.total_seconds():
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # another process was quicker
    return removed
