"""A version whose distiller was never trained: enough to score and group with, at no cost."""

from __future__ import annotations

import torch

from workbench.analysis.distiller.cross_fitted import CrossFittedHeads
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder
from workbench.config import Settings
from workbench.services.models.weights import store_heads
from workbench.services.pipeline.dataset import freeze
from workbench.store.database import session, transaction
from workbench.store.versions import ModelVersion

DIMENSIONS = 3


def made_up_version(
    collection_id: int, encoder: Encoder, settings: Settings, *, number: int = 1
) -> int:
    """The id of a new version of a collection, always with the same head."""
    generator = torch.Generator().manual_seed(7)
    features = encoder.dimension
    head = DistilledHead(
        mean=torch.full((features,), 0.3),
        scale=torch.ones(features),
        weight=torch.randn(DIMENSIONS, features, generator=generator),
        bias=torch.full((DIMENSIONS,), 0.2),
        logit_weight=torch.randn(DIMENSIONS, generator=generator),
        logit_bias=0.1,
    )
    dataset_id = freeze(collection_id).id
    artifact = store_heads(CrossFittedHeads(head), settings)
    session().rollback()
    with transaction() as write:
        version = ModelVersion(
            collection_id=collection_id,
            number=number,
            dataset_id=dataset_id,
            encoder=encoder.name,
            encoder_fingerprint=encoder.fingerprint,
            relevance="patch_share",
            dimensions=DIMENSIONS,
            weights=artifact,
            metrics={"map_scale": 1.0},
        )
        write.add(version)
        write.flush()
        return version.id
