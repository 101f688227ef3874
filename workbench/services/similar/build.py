"""Make a version's indexes of nearest neighbours, shard by shard, so that memory stays bounded."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from sqlalchemy import and_, func, select

from workbench.analysis.neighbours import FITTED_ON, Space, empty_index, extend, fit_space, unit
from workbench.config import Settings
from workbench.services.encoding.shards import embedding_files
from workbench.services.errors import UnavailableError
from workbench.services.progress import Progress
from workbench.services.similar.index_files import (
    LOCK,
    Kind,
    folder_of,
    keep_index,
    open_index,
    root,
)
from workbench.store.artifacts import (
    Artifact,
    ArtifactDamagedError,
    FileFacts,
    load_arrays,
)
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Embedding, PixelGroup, Prediction, ResultShard
from workbench.store.versions import ModelVersion

if TYPE_CHECKING:
    from workbench.analysis.encoders.protocol import Encoder

MOST_GROUPS = 2_000_000
"""So many pixel groups are indexed at most, below 1.2 kB each: of 250,000 images all eight, of more
images the strongest ones."""
_POLL_SECONDS = 0.5
_STAGES: dict[Kind, str] = {
    "images": "Indexing images",
    "groups": "Indexing pixel groups",
    "words": "Indexing images for text search",
}


@dataclass(frozen=True)
class _Batch:
    """What one shard gives: keys with their vectors, and of how many images they are."""

    keys: NDArray[np.uint64]
    vectors: NDArray[np.float32]
    images: int


@dataclass(frozen=True)
class _Subject:
    """A version, as its files are found by."""

    version_id: int
    collection_id: int
    fingerprint: str
    folder: Path
    images: int


def make_indexes(version_id: int, encoder: Encoder, settings: Settings, progress: Progress) -> None:
    """All indexes that a version can have and has not; each is durable before the next is begun.

    Raises UnavailableError where what they are made of is lost.
    """
    tower = encoder.text_tower
    make_index(version_id, "images", settings, progress)
    make_index(version_id, "groups", settings, progress)
    if tower is not None:
        make_index(version_id, "words", settings, progress, part=tower.joint_slice)


def make_index(
    version_id: int,
    kind: Kind,
    settings: Settings,
    progress: Progress,
    *,
    part: slice | None = None,
) -> None:
    """One index, unless it is there. One is made at a time, whichever process wants it.

    `part` of the embedding is what `words` lie in the space of. Raises UnavailableError.
    """
    stage = _STAGES[kind]
    progress.advance(0, 1, stage)
    with _alone(root(settings), progress, stage):
        subject = _subject(version_id, settings)
        if open_index(subject.folder, kind) is None:
            try:
                _make(subject, kind, part or slice(None), settings, progress)
            except ArtifactDamagedError as error:
                raise UnavailableError(
                    "The similarity index could not be built. The log says why.",
                    detail=f"{error}.",
                ) from error
    progress.advance(1, 1, stage)


@contextmanager
def _alone(folder: Path, progress: Progress, stage: str) -> Iterator[None]:
    """Hold the one lock on making indexes; it goes with the process that holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    while True:
        try:
            held = lock.acquire(blocking=False)
        except Timeout:
            progress.advance(0, 1, stage)
            time.sleep(_POLL_SECONDS)
        else:
            break
    with held:
        yield


def _subject(version_id: int, settings: Settings) -> _Subject:
    version = session().get_one(ModelVersion, version_id)
    images = session().scalar(
        select(func.count()).select_from(Prediction).where(Prediction.version_id == version_id)
    )
    found = _Subject(
        version_id,
        version.collection_id,
        version.encoder_fingerprint,
        folder_of(version, settings),
        images or 0,
    )
    session().rollback()
    return found


def _make(
    subject: _Subject, kind: Kind, part: slice, settings: Settings, progress: Progress
) -> None:
    space = _fitted(subject, settings) if kind == "images" else None
    if kind == "groups":
        batches = _groups(subject, settings)
    else:
        batches = _embeddings(subject, _shards(subject), settings)
    index, done = None, 0
    for batch in batches:
        vectors = batch.vectors if space is None else space.transform(batch.vectors)
        if kind == "words":
            vectors = unit(vectors[:, part])
        index = empty_index(vectors.shape[1]) if index is None else index
        extend(index, batch.keys, vectors)
        done += batch.images
        progress.advance(done, max(done, subject.images), _STAGES[kind])
    keep_index(subject.folder, kind, empty_index(1) if index is None else index, space)


def _shards(subject: _Subject) -> list[tuple[int, FileFacts]]:
    return list(embedding_files(subject.collection_id, subject.fingerprint).items())


def _fitted(subject: _Subject, settings: Settings) -> Space:
    """The space of some whole shards, drawn at random, the same ones for the same seed."""
    shards = _shards(subject)
    order = np.random.default_rng(settings.seed).permutation(len(shards))
    sample: list[NDArray[np.float32]] = []
    for batch in _embeddings(subject, (shards[each] for each in order), settings):
        sample.append(batch.vectors)
        if sum(map(len, sample)) >= FITTED_ON:
            break
    if not sample:
        return Space(np.zeros(1, dtype=np.float32), np.zeros((1, 1), dtype=np.float32))
    return fit_space(np.concatenate(sample)[:FITTED_ON], seed=settings.seed)


def _embeddings(
    subject: _Subject, shards: Iterable[tuple[int, FileFacts]], settings: Settings
) -> Iterator[_Batch]:
    """The version's images of each shard, with their embeddings."""
    for shard_id, facts in shards:
        rows = (
            session()
            .execute(
                select(Image.id, Embedding.row)
                .join(Embedding, Embedding.pixel_hash == Image.pixel_hash)
                .join(Prediction, Prediction.image_id == Image.id)
                .where(
                    Embedding.shard_id == shard_id,
                    Image.collection_id == subject.collection_id,
                    Prediction.version_id == subject.version_id,
                )
                .order_by(Image.id)
            )
            .tuples()
            .all()
        )
        session().rollback()
        if rows:
            ids, shard_rows = zip(*rows, strict=True)
            found = load_arrays(settings.artifact_dir, facts)["embedding"][list(shard_rows)]
            vectors = found.astype(np.float32, copy=False)
            yield _Batch(np.array(ids, dtype=np.uint64), vectors, len(ids))


def _groups(subject: _Subject, settings: Settings) -> Iterator[_Batch]:
    """The version's pixel groups of each shard, with their directions (`analysis/kinds`)."""
    strongest = max(MOST_GROUPS // max(subject.images, 1), 1)
    shards = [
        (shard_id, artifact.facts)
        for shard_id, artifact in session().execute(
            select(ResultShard.id, Artifact)
            .join(Artifact, Artifact.id == ResultShard.artifact_id)
            .where(ResultShard.version_id == subject.version_id)
            .order_by(ResultShard.id)
        )
    ]
    session().rollback()
    for shard_id, facts in shards:
        rows = (
            session()
            .execute(
                select(PixelGroup.id, Prediction.row, PixelGroup.number)
                .join(
                    Prediction,
                    and_(
                        Prediction.version_id == PixelGroup.version_id,
                        Prediction.image_id == PixelGroup.image_id,
                    ),
                )
                .where(Prediction.shard_id == shard_id, PixelGroup.number < strongest)
                .order_by(PixelGroup.id)
            )
            .tuples()
            .all()
        )
        session().rollback()
        if rows:
            ids, shard_rows, numbers = (list(each) for each in zip(*rows, strict=True))
            arrays = load_arrays(settings.artifact_dir, facts)
            if "directions" not in arrays:
                raise UnavailableError(
                    "This version has no index of pixel groups. Retrain to build one."
                )
            vectors = arrays["directions"][shard_rows, numbers].astype(np.float32)
            # What has no direction is like nothing.
            told = vectors.any(axis=1)
            keys = np.array(ids, dtype=np.uint64)[told]
            yield _Batch(keys, unit(vectors[told]), len(set(shard_rows)))
