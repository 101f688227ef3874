"""Evidence: what in the tokens of a pixel group carries its contribution, as a direction."""

from __future__ import annotations

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from workbench.analysis.distilled_head import DistilledHead
from workbench.analysis.encoder import PATCH_KINDS, Encoder, Penultimate, patch_blocks
from workbench.analysis.patch_features import shares_within
from workbench.analysis.relevance.patch_share import rescale
from workbench.analysis.relevance.smooth_share import gathered

EXACT = frozenset({"patch_share", "smooth_share"})
"""The methods whose contributions evidence adds up to."""
LENGTH = 128
"""Of a direction: two random directions of so many are apart within about 0.09 of a cosine."""


def evidence(
    encoder: Encoder,
    head: DistilledHead,
    state: Penultimate,
    areas: Float[Tensor, "image group patch"],
    method: str,
) -> Float[Tensor, "image group feature"]:
    """Contribution of each pixel group, by column of the embedding, in logits.

    `areas` says which share of each patch's area lies in a group; an image with fewer groups than
    others has rows of 0, and 0 for their evidence. Over the columns of patch features it sums to
    the group's contribution by `method`, one of `EXACT`, whose formula this is, before the columns
    are summed up; a class feature's columns are 0.
    """
    if method == "smooth_share":
        areas = gathered(areas, encoder.grid)
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
