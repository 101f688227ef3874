"""Contrasts: what the tokens of a region have that those of the rest of its image have not."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.encoders.protocol import PATCH_KINDS, Feature, Penultimate, patch_blocks


def contrasted_blocks(features: Sequence[Feature]) -> tuple[int, ...]:
    """List the blocks whose tokens are compared: every other one of those that carry evidence.

    On planted patterns of 18 kinds, blocks 1, 3, 5 and 7 agree with the kinds as well as all eight
    (adjusted mutual information 0.54 and 0.55), at an eighth of the cost of whitening.
    """
    blocks = [
        block
        for block in patch_blocks(features)
        if any(each.block == block and each.kind in PATCH_KINDS for each in features)
    ]
    return tuple(blocks[1::2] or blocks)


def tokens_of_blocks(
    state: Penultimate, features: Sequence[Feature], blocks: Sequence[int]
) -> Float[Tensor, "image block patch channel"]:
    """Select the patch tokens of some blocks, from a state with all features' tokens."""
    known = patch_blocks(features)
    return state.patch_tokens[:, [known.index(block) for block in blocks]]


def contrasts(
    tokens: Float[Tensor, "block patch channel"],
    inside: Float[Tensor, "region patch"],
    outside: Float[Tensor, "region patch"],
) -> Float[Tensor, "region feature"]:
    """Compute the weighted mean token of each region less that outside of it, block by block.

    inside, outside: weights of the patches, not negative. 0 for a region that is the whole image,
    or nothing of it.
    """
    both = (inside.sum(dim=1) > 0) & (outside.sum(dim=1) > 0)
    difference = _mean(tokens, inside) - _mean(tokens, outside)
    return torch.where(both[:, None], difference.flatten(1), 0.0)


def _mean(
    tokens: Float[Tensor, "block patch channel"], weight: Float[Tensor, "region patch"]
) -> Float[Tensor, "region block channel"]:
    share = weight / weight.sum(dim=1, keepdim=True).clamp_min(1e-12)
    return torch.einsum("rp,bpc->rbc", share, tokens)
