"""Train a collection's forget-to-spell projection, or find the one it has."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from torch import Tensor

from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.spelling.projection import Projection
from workbench.analysis.spelling.recall import content_recall
from workbench.analysis.spelling.train import train_projection
from workbench.analysis.spelling.written_set import WrittenSet, draw_words, encode_written
from workbench.config import Settings
from workbench.services.collections import collection_id as id_of
from workbench.services.encoding.encode import embeddings_of, encode_missing
from workbench.services.encoding.pixels import SOURCE, PixelSource, read_pixels
from workbench.services.encoding.registry import encoder_of
from workbench.services.models.weights import projection_arrays, projection_of
from workbench.services.progress import Progress
from workbench.store.artifacts import ArtifactDamagedError, load_arrays, store_arrays
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.versions import StoredProjection

TRAINING_IMAGES = 400
"""Most images that words are written on: a word costs two more encodings."""

PROOF_IMAGES = 100
"""Most held-out images that the proof is made on."""

WORDS = 3
"""Words for each image."""


@dataclass(frozen=True)
class ProjectionReport:
    """A collection's projection, and what it does on held-out images.

    Recall is recall@1 of content: how often the nearest neighbour of an image with a word on it is
    that image; None where there are fewer than two held-out images. `made` says whether this call
    trained it, rather than finding it.
    """

    collection: str
    encoder: str
    made: bool
    features: int
    dimensions: int
    terms: str
    images: int
    words: int
    proof_images: int
    recall_before: float | None
    recall_after: float | None

    def as_json(self) -> dict[str, Any]:
        """The figures as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Side:
    """Images of one side of the held-out split, and the seed of their words."""

    embedding: Tensor
    sources: tuple[PixelSource, ...]
    seed: int


def project(
    name: str, settings: Settings, progress: Progress, *, again: bool = False
) -> ProjectionReport:
    """Train the projection of a collection, unless it has one by this encoder; or `again`.

    Versions that are there keep theirs: the next retrain takes the new one, and starts afresh.
    Nothing is kept of a call that is cut short but the embeddings of the collection's own images.
    Raises NotFoundError for an unknown collection.
    """
    collection_id = id_of(name)
    encoder = encoder_of(settings)
    if again or projection_for(collection_id, encoder, settings) is None:
        encode_missing(collection_id, encoder, settings, progress)
        _make(collection_id, encoder, settings, progress)
        made = True
    else:
        made = False
    row = _newest(collection_id, encoder)
    assert row is not None  # noqa: S101 - found or made above, and never deleted
    metrics = row.metrics
    session().rollback()
    return ProjectionReport(collection=name, encoder=encoder.name, made=made, **metrics)


def projection_for(collection_id: int, encoder: Encoder, settings: Settings) -> Projection | None:
    """The newest projection for these embeddings; None where there is none, or its file is lost."""
    row = _newest(collection_id, encoder)
    try:
        arrays = None if row is None else load_arrays(settings.artifact_dir, row.artifact)
    except ArtifactDamagedError:
        arrays = None
    session().rollback()
    return None if arrays is None else projection_of(arrays)


def projection_wanted(
    collection_id: int, encoder: Encoder, settings: Settings, progress: Progress
) -> Projection | None:
    """The projection that the settings want before a distiller: trained where there is none yet.

    The collection's images are encoded already. None where projections are switched off.
    """
    if not settings.projected:
        return None
    found = projection_for(collection_id, encoder, settings)
    return _make(collection_id, encoder, settings, progress) if found is None else found


def _newest(collection_id: int, encoder: Encoder) -> StoredProjection | None:
    found: StoredProjection | None = session().scalar(
        select(StoredProjection)
        .where(
            StoredProjection.collection_id == collection_id,
            StoredProjection.encoder_fingerprint == encoder.fingerprint,
        )
        .order_by(StoredProjection.id.desc())
        .limit(1)
    )
    return found


def _make(
    collection_id: int, encoder: Encoder, settings: Settings, progress: Progress
) -> Projection:
    stored = embeddings_of(collection_id, encoder, settings)
    training, proof = (
        _written(side, encoder, settings, progress)
        for side in (
            _side(collection_id, stored, settings, held_out=False, most=TRAINING_IMAGES),
            _side(collection_id, stored, settings, held_out=True, most=PROOF_IMAGES),
        )
    )
    projection = train_projection(
        training,
        encoder.features,
        seed=settings.seed,
        advance=lambda done, total: progress.advance(done, total, "Training the projection"),
    )
    metrics = {
        "features": encoder.dimension,
        "dimensions": projection.dimension,
        "terms": "image-only" if training.texts is None else "six",
        "images": len(training.image),
        "words": WORDS,
        "proof_images": len(proof.image),
        **_proof(projection, proof),
    }
    artifact = store_arrays(settings.artifact_dir, "projection", projection_arrays(projection))
    with transaction() as write:
        write.add(
            StoredProjection(
                collection_id=collection_id,
                encoder_fingerprint=encoder.fingerprint,
                artifact=artifact,
                metrics=metrics,
            )
        )
    return projection


def _proof(projection: Projection, proof: WrittenSet) -> dict[str, float | None]:
    if len(proof.image) < 2:
        return {"recall_before": None, "recall_after": None}
    parts = (proof.image, proof.word, proof.both)
    return {
        "recall_before": content_recall(*(projection.standardise(part) for part in parts)),
        "recall_after": content_recall(*(projection.project(part) for part in parts)),
    }


def _side(
    collection_id: int,
    stored: tuple[tuple[int, ...], Tensor],
    settings: Settings,
    *,
    held_out: bool,
    most: int,
) -> _Side:
    """Some images of one side of the split, the same ones for the same seed."""
    ids, embedding = stored
    found = session().execute(
        select(Image.id, *SOURCE).where(
            Image.collection_id == collection_id, Image.held_out == held_out
        )
    )
    sources = {image_id: PixelSource.of(*source) for image_id, *source in found}
    session().rollback()
    rows = [row for row, each in enumerate(ids) if each in sources]
    order = np.random.default_rng(settings.seed).permutation(len(rows))[:most]
    chosen = [rows[each] for each in sorted(order)]
    seed = settings.seed + held_out
    return _Side(embedding[chosen], tuple(sources[ids[row]] for row in chosen), seed)


def _written(side: _Side, encoder: Encoder, settings: Settings, progress: Progress) -> WrittenSet:
    return encode_written(
        encoder,
        side.embedding,
        (read_pixels(each, encoder.image_size, settings) for each in side.sources),
        draw_words(len(side.sources), WORDS, seed=side.seed),
        seed=side.seed,
        advance=lambda done, total: progress.advance(done, total, "Writing words on images"),
    )
