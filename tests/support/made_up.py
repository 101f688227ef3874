"""A version whose distiller was never trained: enough to score and group with, at no cost."""

from __future__ import annotations

import torch
from torch.nn.functional import normalize

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.linear_evidence import LinearEvidence
from workbench.analysis.encoders.protocol import Encoder, content_feature
from workbench.config import Settings
from workbench.services.models.weights import store_heads
from workbench.services.training.dataset import freeze
from workbench.store.database import session, transaction
from workbench.store.versions import ModelVersion

DIMENSIONS = 3


def made_up_version(
    collection_id: int, encoder: Encoder, settings: Settings, *, number: int = 1
) -> int:
    """The id of a new version of a collection, always with the same head."""
    generator = torch.Generator().manual_seed(7)
    features = encoder.dimension
    content = content_feature(encoder.features)
    assert content is not None
    channels = content.stop - content.start
    head = ConceptHead(
        LinearEvidence(
            mean=torch.full((features,), 0.3),
            scale=torch.ones(features),
            weight=torch.randn(features, generator=generator) / features**0.5,
            smoothing=0.0,
        ),
        ConceptDictionary(
            mean=torch.zeros(channels),
            centres=normalize(torch.randn(DIMENSIONS, channels, generator=generator), dim=1),
            temperature=0.1,
        ),
        gain=torch.ones(DIMENSIONS),
        logit_weight=torch.rand(DIMENSIONS, generator=generator) + 0.5,
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
