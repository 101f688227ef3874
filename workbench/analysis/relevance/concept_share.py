"""Exact attribution: each patch's evidence, shared out over the concepts that it shows."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.encoders.protocol import (
    PATCH_KINDS,
    Encoder,
    FeatureKind,
    Part,
    Penultimate,
)
from workbench.analysis.relevance.attribution import Attribution

EXPLAINS: frozenset[FeatureKind] = PATCH_KINDS
PARTS: Mapping[FeatureKind, Part] = dict.fromkeys(PATCH_KINDS, "patch_tokens")


def concept_share(encoder: Encoder, head: ConceptHead, state: Penultimate) -> Attribution:
    """Return `ConceptHead.maps`: signed, and over the patches of sum z_k; the baseline is 0.

    A patch mean is linear in the T patch tokens, so patch p's share of it is t(p) / T; the shares
    of the other features are those of `shares_along`. Over the patches each sums to its feature, so
    evidence sums to the score over that of the training set's mean image, whose z_k are 0. An image
    with NaN in its embedding has NaN for attributions. ValueError where x has no patch feature, or
    no content.
    """
    maps = head.maps(encoder, state)
    return Attribution(maps=maps, baseline=torch.zeros_like(head.gain))
