"""Train a model version: a distiller on the embeddings and labels of a frozen dataset."""

from __future__ import annotations

import numpy as np
import structlog
import torch
from torch import Tensor

from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.spelling.projection import Projection, same_projection
from workbench.config import Settings
from workbench.services.encoding.encode import embeddings_of
from workbench.services.errors import UnavailableError
from workbench.services.models.versions import DISTILLER, IMAGE_SIZE, next_number
from workbench.services.models.weights import load_heads, store_heads
from workbench.services.progress import Progress
from workbench.services.training.dataset import FrozenDataset
from workbench.services.training.distillers import DISTILLERS, Known, Material
from workbench.services.training.projection import projection_wanted
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
    images, data = _training(dataset, ids, embedding)
    distiller = DISTILLERS[settings.distiller]
    projection = projection_wanted(collection_id, encoder, settings, progress)
    parent = _parent(parent_id, encoder, projection, settings)
    if parent and distiller.needs_folds and not dataset.folds.kept:
        log.info("trained anew, as its folds are divided afresh", parent=parent.id)
        parent = None
    made = distiller.train(
        Material(collection_id, images, data, encoder, projection),
        _known(parent, dataset, settings) if parent else None,
        settings,
        lambda done, total: progress.advance(done, total, "Training the distiller"),
    )
    metrics = {
        DISTILLER: distiller.kind,
        IMAGE_SIZE: encoder.image_size,
        "training_images": len(data.fake),
        "folds": {"count": len(made.heads.folds), "by": dataset.folds.by},
        "penalty": made.penalty,
        "projected_to": None if projection is None else projection.dimension,
        "new_concepts": made.new_concepts,
    }
    artifact = store_heads(made.heads, settings, kinds=made.kinds)
    with transaction() as write:
        version = ModelVersion(
            collection_id=collection_id,
            number=next_number(write, collection_id),
            parent_id=parent.id if parent else None,
            dataset_id=dataset.id,
            encoder=encoder.name,
            encoder_fingerprint=encoder.fingerprint,
            relevance=settings.method,
            dimensions=settings.dimensions,
            weights=artifact,
            metrics=metrics,
        )
        write.add(version)
        write.flush()
        write.get_one(TrainingRun, run_id).version_id = version.id
        return version.id


def _training(
    dataset: FrozenDataset, ids: tuple[int, ...], embedding: Tensor
) -> tuple[list[int], TrainingSet]:
    """The dataset's training images by id, and what of them is learned from."""
    labels = {label.image_id: label for label in dataset.labels if not label.held_out}
    rows = [row for row, each in enumerate(ids) if each in labels]
    images = [ids[row] for row in rows]
    if not images:
        raise ValueError("there are no images to train on")
    chosen = [labels[each] for each in images]
    return images, TrainingSet(
        embedding=embedding[rows],
        fake=torch.tensor([float(label.label == "fake") for label in chosen]),
        weight=torch.tensor([label.weight for label in chosen]),
        group=np.unique([label.group_key for label in chosen], return_inverse=True)[1],
        fold=np.array(
            [NO_FOLD if label.fold is None else label.fold for label in chosen], dtype=np.int64
        ),
    )


def _parent(
    parent_id: int | None, encoder: Encoder, projection: Projection | None, settings: Settings
) -> ModelVersion | None:
    """That version, where it speaks of the same embeddings in as many dimensions."""
    version = session().get(ModelVersion, parent_id) if parent_id is not None else None
    if version is None:
        return None
    kind = DISTILLERS[settings.distiller].kind
    built = (version.encoder_fingerprint, version.dimensions, version.metrics.get(DISTILLER))
    if built != (encoder.fingerprint, settings.dimensions, kind):
        log.info("trained anew, as its parent was built another way", parent=version.id)
        return None
    try:
        head = load_heads(version, settings).final
    except UnavailableError:
        # Only a new version mends this: it starts afresh.
        log.warning("the parent's weights are lost", version=version.id)
        return None
    return version if same_projection(head.projection, projection) else None


def _known(parent: ModelVersion, dataset: FrozenDataset, settings: Settings) -> Known:
    """The parent's; of folds only where they have not seen the fold's images."""
    heads = load_heads(parent, settings)
    if not dataset.folds.kept:
        heads = CrossFittedHeads(heads.final)
    return Known(heads, parent.metrics["penalty"])
