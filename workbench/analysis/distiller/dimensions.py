"""Matching of dimensions between two distillers."""

from __future__ import annotations

import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import linear_sum_assignment
from torch import Tensor


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
