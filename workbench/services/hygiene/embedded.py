"""The embeddings of the images that a check looks at, made short enough to compare all with all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.analysis.neighbours import FITTED_ON, fit_space
from workbench.config import Settings
from workbench.services.encoding.shards import embedding_files
from workbench.services.hygiene.images import CheckedImages
from workbench.services.models.versions import trained_version
from workbench.store.artifacts import ArtifactDamagedError, FileFacts, load_arrays
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Embedding

MOST: Final = 40_000
"""So many images are compared at most, all with all: half a minute. Of more, a fair sample."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """Checked images with their vectors of norm 1, in the space of their leading components.

    rows: which of the checked images, ascending.
    """

    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]


def embedded(collection_id: int, images: CheckedImages, settings: Settings) -> Embedded | None:
    """Read what the trained version's encoder made of the images; None before the first analysis.

    Images without an embedding, or whose file is lost, are left out.
    """
    version = trained_version(collection_id)
    if version is None:
        return None
    fingerprint = version.encoder_fingerprint
    located = _located(collection_id, fingerprint, _sample(images))
    files = embedding_files(collection_id, fingerprint)
    every = max(len(located) // FITTED_ON, 1)
    sample = [part for _rows, part in _parts(located[::every], files, settings)]
    if not sample:
        return None
    space = fit_space(np.concatenate(sample), seed=settings.seed)
    found = [(rows, space.transform(part)) for rows, part in _parts(located, files, settings)]
    rows = np.concatenate([rows for rows, _part in found])
    order = np.argsort(rows, kind="stable")
    return Embedded(rows[order], np.concatenate([part for _rows, part in found])[order])


def _sample(images: CheckedImages) -> dict[int, int]:
    """Rows by image id; of more images than can be compared, those of the smallest hashes."""
    rows = np.arange(len(images))
    if len(images) > MOST:
        # Hashes are uniform, so that these are a fair sample, the same every time.
        rows = np.argsort(np.array(images.pixel_hashes), kind="stable")[:MOST]
    return {int(images.ids[row]): int(row) for row in rows}


def _located(
    collection_id: int, fingerprint: str, row_of: dict[int, int]
) -> list[tuple[int, int, int]]:
    """Shard, row within it, and row among the checked images, of each."""
    found = session().execute(
        select(Embedding.shard_id, Embedding.row, Image.id)
        .join(Image, Image.pixel_hash == Embedding.pixel_hash)
        .where(Image.collection_id == collection_id, Embedding.encoder_fingerprint == fingerprint)
        .order_by(Embedding.shard_id, Embedding.row, Image.id)
    )
    rows = found.tuples().all()
    session().rollback()
    return [(shard, row, row_of[image]) for shard, row, image in rows if image in row_of]


def _parts(
    located: list[tuple[int, int, int]], files: dict[int, FileFacts], settings: Settings
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Rows of the checked images with their embeddings, shard by shard."""
    for shard_id, members in groupby(located, key=lambda each: each[0]):
        try:
            whole = load_arrays(settings.artifact_dir, files[shard_id])["embedding"]
        except ArtifactDamagedError:
            continue
        chosen = [(row, image) for _shard, row, image in members]
        vectors = whole[[row for row, _image in chosen]].astype(np.float32, copy=False)
        yield np.array([image for _row, image in chosen], np.int64), vectors
