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
from workbench.services.runs.removal import remove_dataset
from workbench.services.similar import index_files
from workbench.store.artifacts import Artifact
from workbench.store.chunks import change_in_chunks
from workbench.store.database import Base, now, session
from workbench.store.images import Image
from workbench.store.results import CachedPart, Embedding, EmbeddingShard
from workbench.store.versions import CuratedDataset, ModelVersion, TrainingRun

YOUNG = timedelta(days=1)
"""A file is written before the row that refers to it: younger ones may belong to work under way."""
_CHUNK = 500


@dataclass(frozen=True)
class Swept:
    """How much was removed.

    shards: without images.
    artifacts, cached: files.
    datasets: of no version and no run.
    """

    shards: int
    artifacts: int
    cached: int
    datasets: int = 0


def sweep(settings: Settings, *, young: timedelta = YOUNG) -> Swept:
    """Remove shards whose images are gone, unused datasets and artifacts, and orphaned cache files.

    Files are listed before the rows that they belong to are read: while this process is suspended,
    another one may add both.
    """
    without = _shards_without_images()
    forget_shards(without)
    datasets = _remove_unused_datasets(young)
    _forget_unused_artifacts(young)
    return Swept(
        shards=len(without),
        artifacts=_remove_orphans(settings.artifact_dir, Artifact, young),
        # What is cut off here by a moment's chance is made again when it is asked for.
        cached=_remove_orphans(settings.part_dir, CachedPart, timedelta(0))
        + index_files.remove_others(_folders_of_versions, settings, young)
        + remove_columns_but(_version_ids, settings, young),
        datasets=datasets,
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


def _remove_unused_datasets(young: timedelta) -> int:
    """Remove datasets that belong to no version and no run: earlier releases left them."""
    of_a_version = exists().where(ModelVersion.dataset_id == CuratedDataset.id)
    of_a_run = exists().where(TrainingRun.dataset_id == CuratedDataset.id)
    unused = session().scalars(
        select(CuratedDataset.id).where(
            CuratedDataset.created_at < now() - young, ~of_a_version, ~of_a_run
        )
    )
    found = unused.all()
    session().rollback()
    for dataset_id in found:
        remove_dataset(dataset_id)
    return len(found)


def _forget_unused_artifacts(young: timedelta) -> None:
    """Delete the rows of artifacts that no other row refers to; their files are then orphans."""
    used = [
        exists().where(key.parent == Artifact.id)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == Artifact.__tablename__
    ]
    old = Artifact.created_at < now() - young
    change_in_chunks(delete(Artifact), Artifact.id, old, *(~each for each in used))


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
