"""Order of a distiller's dimensions, and their matching between two distillers."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead


def order_of_pairs(
    head: DistilledHead, embedding: Float[Tensor, "image feature"]
) -> Integer[Tensor, " dimension"]:
    """Order pairs of dimensions by mean |w_k z_k|, strongest first.

    A last dimension without a partner stays last.
    """
    strength = (head.activation(embedding) * head.logit_weight).abs().mean(dim=0)
    pairs = len(strength) // 2
    by_pair = strength[: 2 * pairs].reshape(pairs, 2).sum(dim=1)
    order = torch.argsort(by_pair, descending=True, stable=True)
    rows = torch.stack([2 * order, 2 * order + 1], dim=1).flatten()
    return torch.cat([rows, torch.arange(2 * pairs, len(strength))])


def reorder(head: DistilledHead, order: Integer[Tensor, " dimension"]) -> DistilledHead:
    """Bring the dimensions into an order; the logit stays the same.

    Signs need no fixing: z is not negative, so the sign of w_k says which side a dimension is on.
    """
    return replace(
        head,
        weight=head.weight[order],
        bias=head.bias[order],
        logit_weight=head.logit_weight[order],
    )


def match_dimensions(
    first: Float[Tensor, "image dimension"], second: Float[Tensor, "image dimension"]
) -> Float[ndarray, " dimension"]:
    """Compute the correlation of each dimension of `first` with its match in `second`, in [-1, 1].

    Dimensions are matched one to one for the largest sum of correlations (Hungarian algorithm) of
    their activations on the same images. The correlation of a constant dimension is 0.
    """
    standardised = [_standardise(z).double() for z in (first, second)]
    correlation = (standardised[0].T @ standardised[1] / len(first)).numpy()
    rows, partners = linear_sum_assignment(-correlation)
    matched: Float[ndarray, " dimension"] = correlation[rows, partners]
    return matched


def _standardise(z: Float[Tensor, "image dimension"]) -> Float[Tensor, "image dimension"]:
    deviation = z.std(dim=0, correction=0)
    return (z - z.mean(dim=0)) / torch.where(deviation > 0, deviation, torch.inf)
