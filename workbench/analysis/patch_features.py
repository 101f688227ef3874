"""Features made of a block's patch tokens, and each patch's exact share of them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.encoder import FeatureKind

Grid = tuple[int, int]
"""Rows and columns of patches."""


def patch_feature(
    kind: FeatureKind, tokens: Float[Tensor, "image patch channel"], grid: Grid
) -> Float[Tensor, "image channel"]:
    """A block's patch tokens as one vector; ValueError for a kind that is not made of them.

    For each channel, over the T patches, row by row over the grid:
    `patch_mean`, the mean m;
    `patch_spread`, the standard deviation of a population, the root of mean (t - m)^2;
    `patch_variation`, the mean |t_p - t_q| over all pairs of patches that lie side by side or one
    above the other: total variation, how rough the tokens are from place to place. 0 on a grid
    of one patch.
    """
    if kind == "patch_mean":
        return tokens.mean(dim=1)
    if kind == "patch_spread":
        return tokens.std(dim=1, correction=0)
    if kind == "patch_variation":
        pairs = sum(_pairs(grid)) or 1
        down, across = _steps(tokens, grid)
        return (down.sum(dim=(1, 2)) + across.sum(dim=(1, 2))) / pairs
    raise ValueError(f"{kind} is not made of patch tokens")


def patch_shares(
    kind: FeatureKind, tokens: Float[Tensor, "image patch channel"], grid: Grid
) -> Float[Tensor, "image patch channel"]:
    """What each patch gives to `patch_feature`: over the patches it sums to the feature.

    Of a mean, t_p / T. Of a spread s, as of the variance: (t_p - m)^2 / (T s), and 0 where all
    patches are alike. Of a variation, each pair's |t_p - t_q| is halved between the two.
    """
    patches = tokens.shape[1]
    if kind == "patch_mean":
        return tokens / patches
    if kind == "patch_spread":
        return _shares_of_spread(tokens)
    if kind == "patch_variation":
        return _shares_of_variation(tokens, grid)
    raise ValueError(f"{kind} is not made of patch tokens")


def _shares_of_spread(
    tokens: Float[Tensor, "image patch channel"],
) -> Float[Tensor, "image patch channel"]:
    apart = (tokens - tokens.mean(dim=1, keepdim=True)).square()
    spread = apart.mean(dim=1, keepdim=True).sqrt()
    alike = spread == 0
    return torch.where(alike, 0.0, apart / torch.where(alike, 1.0, tokens.shape[1] * spread))


def _shares_of_variation(
    tokens: Float[Tensor, "image patch channel"], grid: Grid
) -> Float[Tensor, "image patch channel"]:
    down, across = (step / 2 / (sum(_pairs(grid)) or 1) for step in _steps(tokens, grid))
    shares = tokens.new_zeros(len(tokens), *grid, tokens.shape[2])
    shares[:, :-1] += down
    shares[:, 1:] += down
    shares[:, :, :-1] += across
    shares[:, :, 1:] += across
    return shares.flatten(1, 2)


def _steps(tokens: Float[Tensor, "image patch channel"], grid: Grid) -> tuple[Tensor, Tensor]:
    """|Difference| of each patch to the one below it, and to the one at its right."""
    placed = tokens.reshape(len(tokens), *grid, tokens.shape[2])
    return placed.diff(dim=1).abs(), placed.diff(dim=2).abs()


def _pairs(grid: Grid) -> tuple[int, int]:
    rows, columns = grid
    return (rows - 1) * columns, rows * (columns - 1)
