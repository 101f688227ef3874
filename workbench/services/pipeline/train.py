"""Train a model version: a distiller on the embeddings and labels of a frozen dataset."""

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
from workbench.analysis.distiller.train import KIND, Parent
from workbench.analysis.distiller.training_set import TrainingSet
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.metrics import accuracy, auc, auc_with_interval
from workbench.analysis.relevance.methods import method_for
from workbench.analysis.spelling.projection import Projection
from workbench.config import Settings
from workbench.services.encoding.encode import embeddings_of
from workbench.services.errors import UnavailableError
from workbench.services.models.weights import load_head, store_head
from workbench.services.pipeline.dataset import FrozenDataset
from workbench.services.pipeline.projection import projection_wanted
from workbench.services.progress import Progress
from workbench.store.database import session, transaction
from workbench.store.versions import ActiveVersion, ModelVersion, TrainingRun

log = structlog.get_logger()
SEEDS = 3
"""So many draws of the validation images choose the penalty."""


def train_version(
    run_id: int, dataset: FrozenDataset, encoder: Encoder, settings: Settings, progress: Progress
) -> int:
    """Train a distiller on a frozen dataset and store it as the run's version; returns its id.

    The collection's images are encoded already. The version is its run's from the same moment on
    that it is there, so that a run that was cut short goes on with it. Raises ValueError where
    there is nothing to train on.
    """
    collection_id = dataset.collection_id
    ids, embedding = embeddings_of(collection_id, encoder, settings)
    data, held_out = _split(dataset, ids, embedding)
    projection = projection_wanted(collection_id, encoder, settings, progress)
    parent = _parent(collection_id, encoder, projection, settings)
    start = _start(parent, settings) if parent else None
    trained = train_behind(
        projection,
        data,
        encoder.features,
        dimensions=settings.dimensions,
        seeds=tuple(range(settings.seed, settings.seed + SEEDS)),
        parent=start,
        advance=lambda done, total: progress.advance(done, total, "Training the distiller"),
    )
    metrics = _metrics(trained.head, held_out, start.head if start else None, seed=settings.seed)
    metrics |= {
        "distiller": KIND,
        "readings": readings(trained.head, encoder.features),
        "training_images": len(data.fake),
        "penalty_auc": trained.penalty_auc,
        "penalty": trained.penalty,
        "projected_to": None if projection is None else projection.dimension,
    }
    artifact = store_head(trained.head, settings)
    with transaction() as write:
        newest = write.scalar(
            select(func.max(ModelVersion.number)).where(ModelVersion.collection_id == collection_id)
        )
        version = ModelVersion(
            collection_id=collection_id,
            number=(newest or 0) + 1,
            parent_id=parent.id if parent else None,
            dataset_id=dataset.id,
            encoder=encoder.name,
            encoder_fingerprint=encoder.fingerprint,
            relevance=method_for(encoder, settings.relevance),
            dimensions=settings.dimensions,
            weights=artifact,
            metrics=metrics,
        )
        write.add(version)
        write.flush()
        write.get_one(TrainingRun, run_id).version_id = version.id
        return version.id


def _split(
    dataset: FrozenDataset, ids: tuple[int, ...], embedding: Tensor
) -> tuple[TrainingSet, TrainingSet]:
    """The dataset's training images and its held-out ones, with their embeddings."""
    labels = {label.image_id: label for label in dataset.labels}
    keys = [labels[each].group_key if each in labels else "" for each in ids]
    groups = np.unique(keys, return_inverse=True)[1]

    def side(*, held_out: bool) -> TrainingSet:
        rows = [
            row
            for row, each in enumerate(ids)
            if each in labels and labels[each].held_out == held_out
        ]
        chosen = [labels[ids[row]] for row in rows]
        return TrainingSet(
            embedding=embedding[rows],
            fake=torch.tensor([float(label.label == "fake") for label in chosen]),
            weight=torch.tensor([label.weight for label in chosen]),
            group=groups[rows],
        )

    training, held_out = side(held_out=False), side(held_out=True)
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
    try:
        behind = load_head(version, settings).projection
    except UnavailableError:
        # Only a new version mends this: it starts afresh.
        log.warning("the parent's weights are lost", version=version.id)
        return None
    return version if same_projection(behind, projection) else None


def _start(parent: ModelVersion, settings: Settings) -> Parent:
    return Parent(load_head(parent, settings), parent.metrics["penalty"])


def _metrics(
    head: DistilledHead, held_out: TrainingSet, parent: DistilledHead | None, *, seed: int
) -> dict[str, object]:
    fake = held_out.fake.numpy() > 0
    logit = head.logit(held_out.embedding).numpy()
    found = auc_with_interval(fake, logit, held_out.group, seed=seed)
    right = accuracy(fake, logit, held_out.group)
    metrics: dict[str, object] = {
        "n": len(fake),
        "held_out_auc": found.value if found else None,
        "auc_low": found.low if found else None,
        "auc_high": found.high if found else None,
        "accuracy": right.value if right else None,
        "accuracy_low": right.low if right else None,
        "accuracy_high": right.high if right else None,
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
