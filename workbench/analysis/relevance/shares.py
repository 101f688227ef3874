"""Attributions in proportion to shares, and normalisation to shares."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Penultimate
from workbench.analysis.relevance.attribution import Attribution


def in_proportion(
    head: DistilledHead, state: Penultimate, share: Float[Tensor, "image dimension patch"]
) -> Attribution:
    """Distribute each z_k over the patches in proportion to `share`, whose sums are 1; baseline 0.

    An image with NaN in its embedding has NaN for attributions.
    """
    z = head.activation(state.embedding)
    return Attribution(maps=z[..., None] * share, baseline=torch.zeros_like(head.bias))


def as_shares(
    relevance: Float[Tensor, "image dimension patch"],
) -> Float[Tensor, "image dimension patch"]:
    """Divide non-negative numbers by their sum over the patches; uniform where that is 0."""
    total = relevance.sum(dim=-1, keepdim=True)
    # Below the smallest normal number a quotient is noise.
    positive = total > torch.finfo(total.dtype).tiny
    uniform = torch.full_like(relevance, 1 / relevance.shape[-1])
    return torch.where(positive, relevance / torch.where(positive, total, 1.0), uniform)
