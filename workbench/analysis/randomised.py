"""Models that have forgotten what they learned: what is left of a map must not look the same.

The sanity check of saliency maps (Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, NeurIPS 2018,
arXiv 1810.03292, section 3): a method that draws the same map for a randomised model draws the
image, not the model.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead


def redrawn(
    weights: Float[Tensor, "*shape"], generator: torch.Generator
) -> Float[Tensor, "*shape"]:
    """Normal numbers of the same mean and spread, so that what comes after keeps its scale.

    The paper draws weights as they were initialised. That would not do here: LayerScale begins so
    small that a block drawn anew would be no block at all, and leave every token as it is.
    """
    drawn = torch.randn(weights.shape, generator=generator).to(weights)
    return weights.mean() + weights.std(correction=0) * drawn


def with_random_logit(head: DistilledHead, *, seed: int) -> DistilledHead:
    """The same dimensions with other weights in the logit."""
    generator = torch.Generator().manual_seed(seed)
    return replace(head, logit_weight=_about_zero(head.logit_weight, generator))


def with_random_dimensions(head: DistilledHead, *, seed: int) -> DistilledHead:
    """Other dimensions under the same logit: W redrawn row by row, biases kept."""
    generator = torch.Generator().manual_seed(seed)
    rows = [_about_zero(row, generator) for row in head.weight]
    return replace(head, weight=torch.stack(rows))


def _about_zero(
    weights: Float[Tensor, " weight"], generator: torch.Generator
) -> Float[Tensor, " weight"]:
    """As a distiller's weights begin: of no mean, which would be something learned; same size."""
    return weights.square().mean().sqrt() * torch.randn(weights.shape, generator=generator)


def rank_correlation(
    first: Float[Tensor, "image patch"], second: Float[Tensor, "image patch"]
) -> Float[Tensor, " image"]:
    """Spearman's correlation over the patches of each image, in [-1, 1]; ties share their rank.

    0 where a map is constant.
    """
    ranks = [_ranks(each) for each in (first, second)]
    about = [each - each.mean(dim=1, keepdim=True) for each in ranks]
    norm = about[0].norm(dim=1) * about[1].norm(dim=1)
    product = (about[0] * about[1]).sum(dim=1)
    return torch.where(norm > 0, product / torch.where(norm > 0, norm, 1.0), 0.0).float()


def _ranks(values: Float[Tensor, "image patch"]) -> Float[Tensor, "image patch"]:
    """How many are smaller, and half of those that are equal."""
    first, second = values[:, :, None], values[:, None, :]
    smaller = (second < first).sum(dim=2).double()
    return smaller + (second == first).sum(dim=2).double() / 2
