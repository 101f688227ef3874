"""Train a model version: a distiller on the embeddings and labels of a frozen dataset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import structlog
import torch
from sqlalchemy import func, select
from torch import Tensor

from workbench.analysis.distiller.folds import NO_FOLD
from workbench.analysis.distiller.projected import readings, same_projection, train_behind
from workbench.analysis.distiller.train import KIND, Parent
from workbench.analysis.distiller.training_set import TrainingSet
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.relevance.methods import method_for
from workbench.analysis.spelling.projection import Projection
from workbench.config import Settings
from workbench.services.encoding.encode import embeddings_of
from workbench.services.errors import UnavailableError
from workbench.services.models.weights import load_head, load_heads, store_heads
from workbench.services.pipeline.dataset import FrozenDataset
from workbench.services.pipeline.metrics import as_imported, figures_of_version
from workbench.services.pipeline.projection import projection_wanted
from workbench.services.progress import Progress
from workbench.store.database import session, transaction
from workbench.store.versions import ModelVersion, TrainingRun

log = structlog.get_logger()


def train_version(
    run_id: int,
    dataset: FrozenDataset,
    parent_id: int | None,
    encoder: Encoder,
    settings: Settings,
    progress: Progress,
) -> int:
    """Train a distiller on a frozen dataset and store it as the run's version; returns its id.

    The collection's images are encoded already. `parent_id` is the version whose folds the
    dataset's images kept. The new version is its run's from the same moment on that it is there, so
    that a run that was cut short goes on with it. Raises ValueError where there is nothing to train
    on.
    """
    collection_id = dataset.collection_id
    ids, embedding = embeddings_of(collection_id, encoder, settings)
    data, held_out = _split(dataset, ids, embedding)
    projection = projection_wanted(collection_id, encoder, settings, progress)
    parent = _parent(parent_id, encoder, projection, settings)
    start = _start(parent, dataset, settings) if parent else None
    trained = train_behind(
        projection,
        data,
        encoder.features,
        dimensions=settings.dimensions,
        parent=start,
        advance=lambda done, total: progress.advance(done, total, "Training the distiller"),
    )
    imported = as_imported(collection_id, {each: row for row, each in enumerate(ids)}, embedding)
    metrics = figures_of_version(
        trained,
        data,
        held_out,
        imported,
        start.head if start else None,
        seed=settings.seed,
    )
    metrics |= {
        "distiller": KIND,
        "readings": readings(trained.head, encoder.features),
        "training_images": len(data.fake),
        "folds": {"count": len(trained.heads.folds), "by": dataset.folds.by},
        "penalty": trained.penalty,
        "projected_to": None if projection is None else projection.dimension,
    }
    artifact = store_heads(trained.heads, settings)
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
            fold=np.array(
                [NO_FOLD if label.fold is None else label.fold for label in chosen], dtype=np.int64
            ),
        )

    training, held_out = side(held_out=False), side(held_out=True)
    if not len(training.fake):
        raise ValueError("there are no images to train on")
    return training, held_out


def _parent(
    parent_id: int | None, encoder: Encoder, projection: Projection | None, settings: Settings
) -> ModelVersion | None:
    """That version, where it speaks of the same embeddings in as many dimensions."""
    version = session().get(ModelVersion, parent_id) if parent_id is not None else None
    if version is None:
        return None
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


def _start(parent: ModelVersion, dataset: FrozenDataset, settings: Settings) -> Parent:
    """The parent's heads; those of folds only where they have not seen the fold's images."""
    heads = load_heads(parent, settings)
    if not dataset.folds.kept:
        heads = replace(heads, folds={})
    return Parent(heads, parent.metrics["penalty"])
