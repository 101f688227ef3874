"""Heads by concepts with random weights, for encoders of any size."""

from __future__ import annotations

import torch
from torch.nn.functional import normalize

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.linear_evidence import LinearEvidence, evidence_columns
from workbench.analysis.encoders.protocol import Encoder, content_feature


def random_concept_head(
    encoder: Encoder, *, dimensions: int, smoothing: float = 0.0, seed: int = 0
) -> ConceptHead:
    """A head of an encoder with content; its weights in the logit lie around 1."""
    content = content_feature(encoder.features)
    assert content is not None
    random = torch.Generator().manual_seed(seed)
    columns = evidence_columns(encoder.features, None)
    weight = torch.zeros(encoder.dimension)
    weight[columns] = torch.randn(len(columns), generator=random)
    channels = content.stop - content.start
    return ConceptHead(
        LinearEvidence(
            torch.zeros(encoder.dimension), torch.ones(encoder.dimension), weight, smoothing
        ),
        ConceptDictionary(
            torch.zeros(channels),
            normalize(torch.randn(dimensions, channels, generator=random), dim=1),
            temperature=0.1,
        ),
        gain=torch.ones(dimensions),
        logit_weight=torch.rand(dimensions, generator=random) + 0.5,
        logit_bias=0.1,
    )
