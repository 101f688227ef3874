"""Evidence of pixel groups: their contribution by feature of x, and its direction."""

from __future__ import annotations

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.encoders.patch_features import shares_within, with_tokens
from workbench.analysis.encoders.protocol import Encoder, Penultimate

LENGTH = 512
"""Length of a direction: cosines are kept to within about 0.04. At 128, patterns were no longer
found again (ADR 16)."""


def evidence(
    encoder: Encoder,
    head: ConceptHead,
    state: Penultimate,
    areas: Float[Tensor, "image group patch"],
) -> Float[Tensor, "image group feature"]:
    """Compute the contribution of each pixel group by feature of x, in logits.

    areas: the share of each patch's area in the group; rows of 0 for images with fewer groups.

    Summed over the patch features it is the group's contribution without smoothing; other features
    have 0. Smoothed, groups of one planted kind are less alike (0.74 of their 15 nearest, instead
    of 0.76).
    """
    x = state.embedding
    slope = head.evidence.slope(x)[:, None]
    weight = (head.gain * head.logit_weight)[:, None]
    counted = areas * (head.concepts(encoder, state) * weight).sum(dim=1)[:, None]
    uniform = counted.mean(dim=-1, keepdim=True)
    found = torch.zeros(*areas.shape[:2], x.shape[1])
    for feature, tokens in with_tokens(encoder.features, state):
        # The uniform part is taken from the embedding, as in `LinearEvidence.of_patches`.
        above_origin = (x - head.evidence.origin)[:, None, feature.slice]
        apart = shares_within(feature.kind, tokens, encoder.grid, counted - uniform)
        found[..., feature.slice] = apart + uniform * above_origin
    return found * slope


def directions(
    evidence: Float[Tensor, "*group feature"],
) -> Float[Tensor, "*group part"]:
    """Project evidence to `LENGTH` numbers of norm 1; 0 where there is none.

    One fixed Gaussian random projection keeps angles, nearly (Johnson and Lindenstrauss 1984), so
    that groups of any image and collection can be compared.
    """
    short = evidence @ _random_projection(evidence.shape[-1])
    return functional.normalize(short, dim=-1)


@lru_cache(maxsize=4)
def _random_projection(length: int) -> Float[Tensor, "feature part"]:
    generator = torch.Generator().manual_seed(0)
    drawn: Tensor = torch.randn(length, LENGTH, generator=generator) / LENGTH**0.5
    return drawn
