"""Train a model version on a collection's curated labels and make it the active one."""

from __future__ import annotations

import numpy as np
import structlog
import torch
from scipy.special import expit
from sqlalchemy import func, select
from torch import Tensor

from workbench.analysis.distiller.calibration import expected_calibration_error
from workbench.analysis.distiller.dimensions import match_dimensions
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.projected import readings, same_projection, train_behind
from workbench.analysis.distiller.train import KIND, Trained
from workbench.analysis.distiller.training_set import TrainingSet
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.metrics import accuracy, auc, auc_with_interval
from workbench.analysis.relevance.methods import method_for
from workbench.analysis.spelling.projection import Projection
from workbench.config import Settings
from workbench.services.encoding.encode import embeddings_of, encode_missing
from workbench.services.encoding.registry import encoder_of
from workbench.services.errors import ServiceError, UnavailableError
from workbench.services.explore.columns_build import write_columns
from workbench.services.models.versions import switch_to
from workbench.services.models.weights import load_head, store_head
from workbench.services.pipeline import cleanup, scoring, summarising
from workbench.services.pipeline.dataset import freeze
from workbench.services.pipeline.projection import projection_wanted
from workbench.services.progress import Cancelled, Progress
from workbench.services.runs import queue
from workbench.services.similar.build import make_indexes
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.versions import (
    ActiveVersion,
    CuratedItem,
    ModelVersion,
    TrainingRun,
)

log = structlog.get_logger()
SEEDS = 3


def perform(run_id: int, settings: Settings, progress: Progress) -> str:
    """Do a claimed run to its end; returns the state it ended in.

    Every step is resumable: embeddings by batch, the version once it is trained, scores by batch.
    A run that fails or is cancelled leaves nothing of its version behind, and the active version
    as it was. KeyboardInterrupt and SystemExit pass through: the caller puts the run back.
    """
    try:
        _execute(run_id, settings, progress)
    except Cancelled:
        queue.end(run_id, "cancelled")
        return "cancelled"
    except Exception as error:
        log.exception("run failed", run=run_id)
        queue.end(run_id, "failed", _reason(error))
        return "failed"
    _tidy_up(settings)
    return "succeeded"


def _tidy_up(settings: Settings) -> None:
    """Take away what earlier runs left behind; the run has succeeded, whatever comes of it."""
    try:
        swept = cleanup.sweep(settings)
    except Exception:
        log.exception("sweeping failed")
    else:
        log.info("swept", shards=swept.shards, artifacts=swept.artifacts, cached=swept.cached)


def _reason(error: Exception) -> str:
    if isinstance(error, ServiceError | ValueError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _execute(run_id: int, settings: Settings, progress: Progress) -> None:
    run = session().get_one(TrainingRun, run_id)
    collection_id, version_id = run.collection_id, run.version_id
    session().rollback()
    encoder = encoder_of(settings)
    encode_missing(collection_id, encoder, settings, progress)
    if version_id is None:
        version_id = _train_version(run_id, collection_id, encoder, settings, progress)
    scoring.score(version_id, encoder, settings, progress)
    summarising.summarise(version_id, encoder, settings, progress)
    write_columns(version_id, settings)
    _index(version_id, encoder, settings, progress)
    _activate(run_id, version_id)


def _index(version_id: int, encoder: Encoder, settings: Settings, progress: Progress) -> None:
    """Make what nearest images are looked up in. It can be made later: the run needs it not."""
    try:
        make_indexes(version_id, encoder, settings, progress)
    except (UnavailableError, OSError):
        log.exception("indexing failed", version=version_id)


def _train_version(
    run_id: int, collection_id: int, encoder: Encoder, settings: Settings, progress: Progress
) -> int:
    dataset_id = freeze(collection_id)
    ids, embedding = embeddings_of(collection_id, encoder, settings)
    data, held_out = _split(dataset_id, ids, embedding)
    projection = projection_wanted(collection_id, encoder, settings, progress)
    parent = _parent(collection_id, encoder, projection, settings)
    parent_trained = _trained(parent, settings) if parent else None
    trained = train_behind(
        projection,
        data,
        encoder.features,
        dimensions=settings.dimensions,
        seeds=tuple(range(settings.seed, settings.seed + SEEDS)),
        parent=parent_trained,
        advance=lambda done, total: progress.advance(done, total, "Training the distiller"),
    )
    parent_head = parent_trained.head if parent_trained else None
    metrics = _metrics(trained.head, held_out, parent_head, seed=settings.seed)
    metrics |= {
        "distiller": KIND,
        "readings": readings(trained.head, encoder.features),
        "training_images": len(data.fake),
        "validation_auc": trained.validation_auc,
        "penalty": trained.penalty,
        "projected_to": None if projection is None else projection.dimension,
        "map_scale": scoring.map_scale(
            collection_id, encoder, trained.head, settings.relevance, settings
        ),
    }
    artifact = store_head(trained.head, settings)
    with transaction() as current:
        newest = current.scalar(
            select(func.max(ModelVersion.number)).where(ModelVersion.collection_id == collection_id)
        )
        version = ModelVersion(
            collection_id=collection_id,
            number=(newest or 0) + 1,
            parent_id=parent.id if parent else None,
            dataset_id=dataset_id,
            encoder=encoder.name,
            encoder_fingerprint=encoder.fingerprint,
            relevance=method_for(encoder, settings.relevance),
            dimensions=settings.dimensions,
            weights=artifact,
            metrics=metrics,
        )
        current.add(version)
        current.flush()
        current.get_one(TrainingRun, run_id).version_id = version.id
        return version.id


def _split(
    dataset_id: int, ids: tuple[int, ...], embedding: Tensor
) -> tuple[TrainingSet, TrainingSet]:
    """The dataset's training images and its held-out ones, with their embeddings."""
    items = {
        item.image_id: item
        for item in session().scalars(
            select(CuratedItem).where(CuratedItem.dataset_id == dataset_id)
        )
    }
    keys = dict(
        session()
        .execute(
            select(Image.id, Image.group_key)
            .join(CuratedItem, CuratedItem.image_id == Image.id)
            .where(CuratedItem.dataset_id == dataset_id)
        )
        .tuples()
        .all()
    )
    groups = np.unique([keys.get(image_id, "") for image_id in ids], return_inverse=True)[1]
    session().rollback()
    sides: tuple[list[int], list[int]] = ([], [])
    for place, image_id in enumerate(ids):
        if image_id in items:
            sides[items[image_id].held_out].append(place)

    def side(places: list[int]) -> TrainingSet:
        chosen = [items[ids[place]] for place in places]
        return TrainingSet(
            embedding=embedding[places],
            fake=torch.tensor([float(item.label == "fake") for item in chosen]),
            weight=torch.tensor([item.weight for item in chosen]),
            group=groups[places],
        )

    training, held_out = side(sides[0]), side(sides[1])
    if not len(training.fake):
        raise ValueError("there are no images to train on")
    return training, held_out


def _parent(
    collection_id: int, encoder: Encoder, projection: Projection | None, settings: Settings
) -> ModelVersion | None:
    """The active version, where it speaks of the same embeddings in as many dimensions."""
    active = session().get(ActiveVersion, collection_id, populate_existing=True)
    if active is None:
        return None
    version = active.version
    built = (version.encoder_fingerprint, version.dimensions, version.metrics.get("distiller"))
    if built != (encoder.fingerprint, settings.dimensions, KIND):
        return None
    behind = load_head(version, settings).projection
    return version if same_projection(behind, projection) else None


def _trained(parent: ModelVersion, settings: Settings) -> Trained:
    metrics = parent.metrics
    return Trained(
        load_head(parent, settings),
        metrics["validation_auc"],
        metrics["penalty"],
    )


def _metrics(
    head: DistilledHead, held_out: TrainingSet, parent: DistilledHead | None, *, seed: int
) -> dict[str, object]:
    fake = held_out.fake.numpy() > 0
    logit = head.logit(held_out.embedding).numpy()
    found = auc_with_interval(fake, logit, seed=seed)
    metrics: dict[str, object] = {
        "n": len(fake),
        "held_out_auc": found.value if found else None,
        "auc_low": found.low if found else None,
        "auc_high": found.high if found else None,
        "accuracy": accuracy(fake, logit),
        "calibration_error": expected_calibration_error(expit(logit), fake),
    }
    if parent is not None:
        metrics["parent_auc"] = auc(fake, parent.logit(held_out.embedding).numpy())
        both = (parent.activation(held_out.embedding), head.activation(held_out.embedding))
        # One that is silent in both versions has no meaning to keep, and must not count as lost.
        moving = max(int((z != z[:1]).any(dim=0).sum()) for z in both)
        if moving:
            metrics["dimension_match"] = float(match_dimensions(*both).sum()) / moving
    return metrics


def _activate(run_id: int, version_id: int) -> None:
    """The run's end and the switch to its version are one transaction, and a short one."""
    with transaction() as current:
        run = current.get_one(TrainingRun, run_id)
        run.state, run.finished_at, run.claimed_by = "succeeded", now(), ""
        switch_to(current, current.get_one(ModelVersion, version_id), run.requested_by_id, run_id)
