"""From relevance in any unit to shares of a whole."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def as_shares(
    relevance: Float[Tensor, "image dimension patch"],
) -> Float[Tensor, "image dimension patch"]:
    """Relevance that is not negative, divided by its sum; even over the patches where that is 0."""
    total = relevance.sum(dim=-1, keepdim=True)
    # Below the smallest normal number a quotient is noise.
    positive = total > torch.finfo(total.dtype).tiny
    even = torch.full_like(relevance, 1 / relevance.shape[-1])
    return torch.where(positive, relevance / torch.where(positive, total, 1.0), even)
