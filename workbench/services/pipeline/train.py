"""Train a model version: a distiller on the embeddings and labels of a frozen dataset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import structlog
import torch
from numpy.typing import NDArray
from sqlalchemy import func, select
from torch import Tensor

from workbench.analysis.concepts.learn import Learned
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.concept_training import KIND, heads_of_patches
from workbench.analysis.distiller.evidence_training import CrossFittedEvidence, train_evidence
from workbench.analysis.distiller.gather import patches_of
from workbench.analysis.encoders.protocol import Encoder, Part, Penultimate
from workbench.analysis.relevance.methods import method_for, smoothing_of
from workbench.analysis.spelling.projection import Projection, same_projection
from workbench.config import Settings
from workbench.services.encoding.encode import embeddings_of
from workbench.services.encoding.states import some_shards_of, states_of
from workbench.services.errors import UnavailableError
from workbench.services.models.weights import load_heads, store_heads
from workbench.services.pipeline.dataset import FrozenDataset
from workbench.services.pipeline.projection import projection_wanted
from workbench.services.progress import Progress
from workbench.store.database import session, transaction
from workbench.store.versions import ModelVersion, TrainingRun

MOST_IMAGES = 2000
"""Most images that the dictionary and the weights of the dimensions are learned from."""
NEEDED: frozenset[Part] = frozenset({"patch_tokens"})

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
    projection = projection_wanted(collection_id, encoder, settings, progress)
    parent = _parent(parent_id, encoder, projection, settings)
    start = _start(parent, dataset, settings) if parent else None
    method = method_for(encoder, settings.relevance)
    evidence = train_evidence(
        data,
        encoder.features,
        projection,
        smoothing=smoothing_of(method),
        parent=start.evidence if start else None,
        advance=lambda done, total: progress.advance(done, total, "Training the distiller"),
    )
    learned, heads = _by_concept(evidence, images, data, start, encoder, collection_id, settings)
    metrics = {
        "distiller": KIND,
        "training_images": len(data.fake),
        "folds": {"count": len(heads.folds), "by": dataset.folds.by},
        "penalty": evidence.penalty,
        "projected_to": None if projection is None else projection.dimension,
        "new_concepts": learned.born.tolist() if start else [],
    }
    artifact = store_heads(heads, settings)
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
            relevance=method,
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


def _by_concept(
    evidence: CrossFittedEvidence,
    images: list[int],
    data: TrainingSet,
    start: _Start | None,
    encoder: Encoder,
    collection_id: int,
    settings: Settings,
) -> tuple[Learned, CrossFittedHeads[ConceptHead]]:
    """The dictionary, and the heads on it, from the tokens of some of the training images."""
    some = some_shards_of(collection_id, images, MOST_IMAGES, encoder, seed=settings.seed)
    row_of = {image_id: row for row, image_id in enumerate(images)}

    def batches() -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Penultimate]]:
        for ids, state in states_of(collection_id, some, NEEDED, encoder, settings):
            rows = np.array([row_of[each] for each in ids])
            yield rows, data.fold[rows], state

    patches = patches_of(encoder, evidence, batches())
    head = start.head if start else None
    return heads_of_patches(
        patches, evidence, data, concepts=settings.dimensions, seed=settings.seed, parent=head
    )


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
        head = load_heads(version, settings).final
    except UnavailableError:
        # Only a new version mends this: it starts afresh.
        log.warning("the parent's weights are lost", version=version.id)
        return None
    if not isinstance(head, ConceptHead):
        return None
    return version if same_projection(head.evidence.projection, projection) else None


@dataclass(frozen=True)
class _Start:
    """What a retrain starts from: its parent's final head, and evidence."""

    head: ConceptHead
    evidence: CrossFittedEvidence


def _start(parent: ModelVersion, dataset: FrozenDataset, settings: Settings) -> _Start:
    """The parent's; of folds only where they have not seen the fold's images."""
    heads = load_heads(parent, settings)
    assert isinstance(heads.final, ConceptHead)  # noqa: S101 - see `_parent`
    of_folds = {
        fold: head.evidence
        for fold, head in heads.folds.items()
        if dataset.folds.kept and isinstance(head, ConceptHead)
    }
    evidence = CrossFittedEvidence(heads.final.evidence, of_folds, parent.metrics["penalty"])
    return _Start(heads.final, evidence)
