"""Evidence: what in the tokens of a pixel group carries its contribution, as a direction."""

from __future__ import annotations

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.patch_features import shares_within
from workbench.analysis.encoders.protocol import PATCH_KINDS, Encoder, Penultimate, patch_blocks
from workbench.analysis.relevance.patch_share import rescale

EXACT = frozenset({"patch_share", "smooth_share"})
"""The methods whose contributions are of patch features, and have evidence by column."""
LENGTH = 512
"""Of a direction: cosines keep to within about 0.04. With 128, patterns dissolved (ADR 16)."""


def evidence(
    encoder: Encoder,
    head: DistilledHead,
    state: Penultimate,
    areas: Float[Tensor, "image group patch"],
) -> Float[Tensor, "image group feature"]:
    """Contribution of each pixel group, by column of the embedding, in logits.

    `areas` says which share of each patch's area lies in a group; an image with fewer groups than
    others has rows of 0, and 0 for their evidence. Over the columns of patch features it sums to
    the group's contribution by `patch_share`, whose formula this is, before the columns are summed
    up; a class feature's columns are 0.

    It stays that of the group's own patches where maps are smooth: gathered as the smoothing
    spreads, groups of one planted kind are less alike (0.74 of their 15 nearest, instead of 0.76).
    """
    x = state.embedding
    at_mean = head.pre_activation(head.origin)
    through = rescale(head.pre_activation(x), at_mean) * head.logit_weight
    slope = torch.einsum("ik,ikf->if", through, head.share_gradient(x))[:, None]
    even = areas.mean(dim=-1, keepdim=True)
    found = torch.zeros(*areas.shape[:2], x.shape[1])
    for order, block in enumerate(patch_blocks(encoder.features)):
        tokens = state.patch_tokens[:, order]
        for feature in encoder.features:
            if feature.block == block and feature.kind in PATCH_KINDS:
                # The even part is the embedding's own, as in `patch_share`.
                above_mean = (x - head.origin)[:, None, feature.columns]
                apart = shares_within(feature.kind, tokens, encoder.grid, areas - even)
                found[..., feature.columns] = apart + even * above_mean
    return found * slope


def directions(
    evidence: Float[Tensor, "*group feature"],
) -> Float[Tensor, "*group part"]:
    """Evidence brought to `LENGTH` numbers and to length 1; 0 where there is none.

    By one Gaussian random projection for all: angles stay what they were, nearly (Johnson and
    Lindenstrauss 1984), and groups of any image and collection can be compared.
    """
    short = evidence @ _random_projection(evidence.shape[-1])
    return functional.normalize(short, dim=-1)


@lru_cache(maxsize=4)
def _random_projection(length: int) -> Float[Tensor, "feature part"]:
    generator = torch.Generator().manual_seed(0)
    drawn: Tensor = torch.randn(length, LENGTH, generator=generator) / LENGTH**0.5
    return drawn
