"""The few rows that the many refer to: accounts, the collection, its version and result files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import normalize

from benchmarks.web.filling.made_up import DIMENSIONS, KINDS, LOGIT_WEIGHT, Kinds, Made
from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.linear_evidence import LinearEvidence
from workbench.analysis.encoders.packaged import DEFAULT_FEATURES
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.models.weights import store_heads
from workbench.store.artifacts import store_arrays
from workbench.store.database import now, transaction
from workbench.store.images import Collection, ImportRun
from workbench.store.results import ResultShard
from workbench.store.versions import ActiveVersion, CuratedDataset, ModelVersion, TrainingRun

COLLECTION = "made-up"
NAME, PASSWORD = "ada", "correct horse battery"
OTHERS = ("ben", "cleo", "dan", "eve")
CHANNELS = 384
FEATURES = len(DEFAULT_FEATURES) * CHANNELS
"""Length of the packaged encoder's embedding."""
SHARDS = 4


@dataclass(frozen=True)
class Ids:
    """Of the few rows that the many refer to."""

    collection: int
    dataset: int
    version: int
    shards: tuple[int, ...]
    people: tuple[int, ...]


def write_collection(kinds: Kinds, made: Made, settings: Settings) -> Ids:
    """Write the few rows, with accounts and result files, into tables that are empty."""
    people = [accounts.add_user(NAME, PASSWORD, "developer")]
    people += [accounts.add_user(name, PASSWORD, "reviewer") for name in OTHERS]
    head = store_heads(CrossFittedHeads(_head(settings.seed)), settings)
    step = KINDS // SHARDS
    artifacts = [
        store_arrays(
            settings.artifact_dir,
            "results",
            {
                name: getattr(kinds, name)[start : start + step]
                for name in ("token_maps", "activations", "directions")
            },
        )
        for start in range(0, KINDS, step)
    ]
    with transaction() as write:
        collection = Collection(
            name=COLLECTION,
            title="Made up",
            description="Rows for a benchmark; no analysis.",
            real=int((~made.fake).sum()),
            fake=int(made.fake.sum()),
        )
        write.add(collection)
        write.flush()
        counts = {"imported": len(made.kind)}
        dataset = CuratedDataset(
            collection_id=collection.id, sha256="0" * 64, counts=_dataset_counts(made)
        )
        write.add_all(
            [
                dataset,
                ImportRun(
                    collection_id=collection.id,
                    source="/made-up",
                    state="succeeded",
                    counts=counts,
                    finished_at=now(),
                ),
            ]
        )
        write.flush()
        version = ModelVersion(
            collection_id=collection.id,
            number=1,
            dataset_id=dataset.id,
            encoder="packaged",
            encoder_fingerprint="made up",
            relevance="smooth_share",
            dimensions=DIMENSIONS,
            weights=head,
            metrics=_metrics(kinds, made),
        )
        write.add(version)
        write.flush()
        shards = [ResultShard(version_id=version.id, artifact=each) for each in artifacts]
        write.add_all(
            [
                *shards,
                ActiveVersion(collection_id=collection.id, version_id=version.id),
                TrainingRun(
                    collection_id=collection.id,
                    trigger="first",
                    state="succeeded",
                    version_id=version.id,
                    finished_at=now(),
                ),
            ]
        )
        write.flush()
        return Ids(
            collection=collection.id,
            dataset=dataset.id,
            version=version.id,
            shards=tuple(each.id for each in shards),
            people=tuple(each.id for each in people),
        )


def _head(seed: int) -> ConceptHead:
    random = torch.Generator().manual_seed(seed)
    centres = torch.randn(DIMENSIONS, CHANNELS, generator=random)
    return ConceptHead(
        LinearEvidence(
            mean=torch.zeros(FEATURES),
            scale=torch.ones(FEATURES),
            weight=torch.randn(FEATURES, generator=random) * 0.01,
        ),
        ConceptDictionary(torch.zeros(CHANNELS), normalize(centres, dim=1), temperature=0.1),
        gain=torch.ones(DIMENSIONS),
        logit_weight=torch.from_numpy(LOGIT_WEIGHT),
        logit_bias=0.0,
    )


def _dataset_counts(made: Made) -> dict[str, int]:
    fake, images = int(made.fake.sum()), len(made.fake)
    return {
        "images": images,
        "real": images - fake,
        "fake": fake,
        "overturned": 0,
        "unsure": 0,
        "excluded": 0,
        "held_out": int(made.held_out.sum()),
    }


def _metrics(kinds: Kinds, made: Made) -> dict[str, Any]:
    return {
        "n": int(made.held_out.sum()),
        "held_out_auc": 0.94,
        "auc_low": 0.93,
        "auc_high": 0.95,
        "accuracy": 0.9,
        "calibration_error": 0.02,
        "readings": [f"made up, {index}" for index in range(DIMENSIONS)],
        "map_scale": kinds.map_scale,
        "pattern_stability": 0.5,
        "effect_rank_correlation": 0.8,
    }
