"""Shards without the rows of some images: files of many images' arrays, written anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from flask_babel import gettext
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services.errors import ConflictError
from workbench.services.removal.files import forget_artifacts
from workbench.store.artifacts import (
    Artifact,
    ArtifactDamagedError,
    FileFacts,
    load_arrays,
    store_arrays,
)
from workbench.store.database import session
from workbench.store.results import CachedPart, Embedding, EmbeddingShard, Prediction, ResultShard

_Shard = EmbeddingShard | ResultShard
_SHARDS = 400
"""Asked for at once."""


@dataclass(frozen=True)
class Shortened:
    """A shard whose file is written without some rows; its row in the database is still the old.

    artifact: of the new file; None where no row is left, or the old file cannot be read.
    empty: whether no row is left.
    """

    table: type[_Shard]
    shard_id: int
    old_id: int
    old_path: str
    rows: tuple[int, ...]
    artifact: FileFacts | None
    empty: bool


def shorten_embeddings(pixel_hashes: Collection[str], settings: Settings) -> list[Shortened]:
    """Write the shards of these embeddings without them."""
    going: defaultdict[int, list[int]] = defaultdict(list)
    hashes = list(pixel_hashes)
    for start in range(0, len(hashes), _SHARDS):
        found = session().execute(
            select(Embedding.shard_id, Embedding.row).where(
                Embedding.pixel_hash.in_(hashes[start : start + _SHARDS])
            )
        )
        for shard_id, row in found:
            going[shard_id].append(row)
    return _shorten(EmbeddingShard, Embedding, going, settings)


def shorten_results(image_ids: Collection[int], settings: Settings) -> list[Shortened]:
    """Write the result shards of these images, of all versions, without them."""
    going: defaultdict[int, list[int]] = defaultdict(list)
    found = session().execute(
        select(Prediction.shard_id, Prediction.row).where(
            Prediction.image_id.in_(image_ids), Prediction.shard_id.is_not(None)
        )
    )
    for shard_id, row in found:
        going[shard_id].append(row)
    return _shorten(ResultShard, Prediction, going, settings)


def _shorten(
    table: type[_Shard],
    members: type[Embedding | Prediction],
    going: dict[int, list[int]],
    settings: Settings,
) -> list[Shortened]:
    made = []
    ids = sorted(going)
    for start in range(0, len(ids), _SHARDS):
        chunk = ids[start : start + _SHARDS]
        sizes = dict(
            session()
            .execute(
                select(members.shard_id, func.count())
                .where(members.shard_id.in_(chunk))
                .group_by(members.shard_id)
            )
            .tuples()
            .all()
        )
        found = session().execute(
            select(table.id, Artifact)
            .join(Artifact, Artifact.id == table.artifact_id)
            .where(table.id.in_(chunk))
        )
        artifacts = dict(found.tuples().all())
        for shard_id in chunk:
            old, rows = artifacts[shard_id], tuple(sorted(going[shard_id]))
            empty = len(rows) == sizes[shard_id]
            new = None if empty else _without(old, rows, settings)
            made.append(Shortened(table, shard_id, old.id, old.path, rows, new, empty))
    session().rollback()
    return made


def _without(old: Artifact, rows: tuple[int, ...], settings: Settings) -> FileFacts | None:
    try:
        arrays = load_arrays(settings.artifact_dir, old)
    except ArtifactDamagedError:
        return None
    shorter = {name: np.delete(each, rows, axis=0) for name, each in arrays.items()}
    return store_arrays(settings.artifact_dir, old.kind, shorter).facts


def put_in_place(write: Session, shortened: Iterable[Shortened], settings: Settings) -> list[Path]:
    """Have the rows name the new files; returns those that are to be taken away.

    The predictions or embeddings of the removed rows are deleted already. Raises ConflictError
    where a shard is another one than was read.
    """
    going: list[Path] = []
    for each in shortened:
        going.append(settings.artifact_dir / each.old_path)
        if each.table is EmbeddingShard:
            going += _forget_parts(write, each.shard_id, settings)
        if each.empty:
            write.execute(delete(each.table).where(each.table.id == each.shard_id))
            forget_artifacts(write, [each.old_id])
        elif each.artifact is not None:
            _swap(write, each, each.artifact)
    return going


def _swap(write: Session, each: Shortened, facts: FileFacts) -> None:
    artifact = Artifact(kind=facts.kind, path=facts.path, sha256=facts.sha256, size=facts.size)
    write.add(artifact)
    write.flush()
    swapped = write.scalar(
        update(each.table)
        .where(each.table.id == each.shard_id, each.table.artifact_id == each.old_id)
        .values(artifact_id=artifact.id)
        .returning(each.table.id)
        .execution_options(synchronize_session=False)
    )
    if swapped is None:
        raise ConflictError(
            gettext("Something was changed at the same moment. Nothing was removed. Try again.")
        )
    members = Embedding if each.table is EmbeddingShard else Prediction
    for row in reversed(each.rows):
        write.execute(
            update(members)
            .where(members.shard_id == each.shard_id, members.row > row)
            .values(row=members.row - 1)
            .execution_options(synchronize_session=False)
        )
    forget_artifacts(write, [each.old_id])


def _forget_parts(write: Session, shard_id: int, settings: Settings) -> list[Path]:
    """The cache has tokens of a shard's images in one file: it is made again when wanted."""
    here = CachedPart.shard_id == shard_id
    paths = write.scalars(select(CachedPart.path).where(here)).all()
    write.execute(delete(CachedPart).where(here))
    return [settings.part_dir / each for each in paths]
