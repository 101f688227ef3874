"""The files of what is removed: which there are, listed with the rows, taken away after them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import delete, exists, insert, or_, select
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services.columns.build import path_of
from workbench.services.image.paths import SIZES, crop_path, crops_folder, patch_path
from workbench.services.similar import index_files
from workbench.store.artifacts import Artifact
from workbench.store.database import Base, overwrite_deleted, session, transaction
from workbench.store.images import Image
from workbench.store.removals import RemovalFile
from workbench.store.versions import ModelVersion

_AT_ONCE = 500


def of_groups(settings: Settings, version_id: int, group_ids: Iterable[int]) -> list[Path]:
    """Crops of a version's pixel groups."""
    return [crop_path(settings, version_id, each, size) for each in group_ids for size in SIZES]


def of_patch(settings: Settings, version_id: int, dimension: int, image_id: int) -> list[Path]:
    """Crops of an image's patch that shows a dimension."""
    return [patch_path(settings, version_id, dimension, image_id, size) for size in SIZES]


def derived(settings: Settings, version: ModelVersion) -> list[Path]:
    """What the cache holds of all images of a version together, to be made again."""
    return [path_of(settings, version.id), index_files.folder_of(version, settings)]


def of_version(settings: Settings, version: ModelVersion) -> list[Path]:
    """All that the cache holds of a version."""
    return [*derived(settings, version), crops_folder(settings, version.id)]


def list_files(write: Session, removal_id: int, paths: Iterable[Path], settings: Settings) -> None:
    """Have these files taken away once the transaction is committed, by whoever comes to it."""
    rows = [
        {"removal_id": removal_id, "path": each.relative_to(settings.data_dir).as_posix()}
        for each in paths
    ]
    if rows:
        write.execute(insert(RemovalFile), rows)


def take_away(removal_id: int, settings: Settings) -> None:
    """Remove the files that a removal has listed, unless something refers to them again."""
    while True:
        chosen = select(RemovalFile.id, RemovalFile.path)
        listed = session().execute(
            chosen.where(RemovalFile.removal_id == removal_id)
            .order_by(RemovalFile.id)
            .limit(_AT_ONCE)
        )
        found = listed.tuples().all()
        session().rollback()
        if not found:
            return
        _remove([path for _id, path in found], settings)
        with transaction() as write:
            overwrite_deleted(write)  # the paths are digests
            ids = [each for each, _path in found]
            write.execute(delete(RemovalFile).where(RemovalFile.id.in_(ids)))


def _remove(paths: Sequence[str], settings: Settings) -> None:
    kept = _imported_again(paths)
    for each in paths:
        path = settings.data_dir / each
        if path.stem in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _imported_again(paths: Sequence[str]) -> set[str]:
    """The hashes among these names that an image has again, or still."""
    names = {Path(each).stem for each in paths}
    columns = (Image.pixel_hash, Image.plain_pixel_hash, Image.content_hash)
    rows = session().execute(select(*columns).where(or_(*(each.in_(names) for each in columns))))
    kept = {each for row in rows for each in row if each}
    session().rollback()
    return kept


def forget_artifacts(write: Session, ids: Sequence[int]) -> None:
    """Delete rows of artifacts that no other row refers to any more."""
    used = [
        exists().where(key.parent == Artifact.id)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == Artifact.__tablename__
    ]
    write.execute(delete(Artifact).where(Artifact.id.in_(ids), *(~each for each in used)))
