"""What a run leaves beside the rows of a filled database: embeddings, their index, the columns."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select

from workbench.analysis.neighbours import empty_index, extend, fit_space
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.columns.store import column_store
from workbench.services.similar.index_files import folder_of, keep_index, open_index
from workbench.store.artifacts import store_arrays
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import Embedding, EmbeddingShard
from workbench.store.versions import ModelVersion

FEATURES = 96
"""Fewer than a real embedding has: what is searched are its leading components."""
NOISE = 0.4
CHUNK = 50_000


def complete(settings: Settings, *, seed: int = 0) -> None:
    """Make what is missing; the same seed makes the same files."""
    with create_app(settings).app_context():
        version = session().scalars(select(ModelVersion)).one()
        column_store(version.id)
        folder = folder_of(version, settings)
        embeddings = _embeddings(version, settings, seed)
        if open_index(folder, "images") is None:
            space = fit_space(embeddings, seed=seed)
            index = empty_index(space.axes.shape[1])
            random = np.random.default_rng(seed)
            ids = column_store(version.id).image_ids
            for start in range(0, len(ids), CHUNK):
                some = ids[start : start + CHUNK]
                # The filler gives pictures to images in turn.
                near = embeddings[(some - 1) % len(embeddings)]
                near = near + NOISE * random.standard_normal(near.shape, np.float32)
                extend(index, some.astype(np.uint64), space.transform(near))
            keep_index(folder, "images", index, space)
        session().rollback()


def _embeddings(version: ModelVersion, settings: Settings, seed: int) -> np.ndarray:
    """One for each picture, in the order in which the filler gives them to images."""
    hashes: list[str] = []
    for pixel_hash in session().scalars(select(Image.pixel_hash).order_by(Image.id).limit(1000)):
        if pixel_hash in hashes:
            break
        hashes.append(pixel_hash)
    vectors = np.random.default_rng(seed).standard_normal((len(hashes), FEATURES), np.float32)
    fingerprint = version.encoder_fingerprint
    session().rollback()
    known = session().scalars(select(EmbeddingShard)).first()
    session().rollback()
    if known is None:
        artifact = store_arrays(settings.artifact_dir, "embeddings", {"embedding": vectors})
        with transaction() as write:
            write.add(artifact)
            write.flush()
            shard = EmbeddingShard(encoder_fingerprint=fingerprint, artifact_id=artifact.id)
            write.add(shard)
            write.flush()
            write.add_all(
                Embedding(
                    pixel_hash=pixel_hash,
                    encoder_fingerprint=fingerprint,
                    shard_id=shard.id,
                    row=row,
                )
                for row, pixel_hash in enumerate(hashes)
            )
    return vectors
