"""Features made of a block's patch tokens, and each patch's exact share of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import EllipsisType
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.encoders.protocol import (
    PATCH_KINDS,
    Feature,
    FeatureKind,
    Penultimate,
    patch_blocks,
)

Grid = tuple[int, int]
"""Rows and columns of patches."""


def patch_feature(
    kind: FeatureKind, tokens: Float[Tensor, "image patch channel"], grid: Grid
) -> Float[Tensor, "image channel"]:
    """Compute one vector of a block's patch tokens; ValueError for a kind not made of them.

    For each channel, over the T patches, row by row over the grid:
    `patch_mean` and `content`, the mean m;
    `patch_spread`, the standard deviation of a population, the root of mean (t - m)^2;
    `patch_variation`, total variation, the mean |t_p - t_q| over all pairs of patches side by side
    or one above the other. 0 on a grid of one patch.
    """
    if kind in ("patch_mean", "content"):
        return tokens.mean(dim=1)
    if kind == "patch_spread":
        # Written out: over an axis that is not the last, torch's own takes ten times as long.
        return (tokens - tokens.mean(dim=1, keepdim=True)).square_().mean(dim=1).sqrt_()
    if kind == "patch_variation":
        pairs = sum(_pairs(grid)) or 1
        down, across = _steps(tokens, grid)
        return (down.sum(dim=(1, 2)) + across.sum(dim=(1, 2))) / pairs
    raise ValueError(f"{kind} is not made of patch tokens")


def with_tokens(
    features: Iterable[Feature], state: Penultimate
) -> Iterator[tuple[Feature, Float[Tensor, "image patch channel"]]]:
    """Pair each patch feature with the patch tokens that it is made of.

    `features` are all features of the encoder that are made of patch tokens, or more.
    """
    features = list(features)
    for feature in features:
        if feature.kind in PATCH_KINDS:
            yield feature, tokens_of(feature, features, state)


def tokens_of(
    feature: Feature, features: Iterable[Feature], state: Penultimate
) -> Float[Tensor, "image patch channel"]:
    """Select the patch tokens of a feature's block, from a state with all features' tokens."""
    return state.patch_tokens[:, patch_blocks(features).index(feature.block)]


def shares_along(
    kind: FeatureKind,
    tokens: Float[Tensor, "image patch channel"],
    grid: Grid,
    slope: Float[Tensor, "image dimension channel"],
) -> Float[Tensor, "image dimension patch"]:
    """Compute each patch's share of `patch_feature`, times `slope` and summed over the channels.

    Over the patches it sums to slope times the feature. The share of patch p in a mean is t_p / T;
    in a standard deviation s, as in the variance, (t_p - m)^2 / (T s), and 0 where all patches are
    equal; of a variation, each pair's |t_p - t_q| is halved between the two.
    """
    of_patches = tokens.new_zeros(*slope.shape[:2], *grid)
    for amount, factor, receivers in _terms(kind, tokens, grid):
        of_terms = (slope * factor) @ amount.flatten(1, 2).transpose(1, 2)
        of_terms = of_terms.reshape(*slope.shape[:2], *amount.shape[1:3])
        for receiver in receivers:
            of_patches[receiver] += of_terms
    return of_patches.flatten(2)


def shares_within(
    kind: FeatureKind,
    tokens: Float[Tensor, "image patch channel"],
    grid: Grid,
    areas: Float[Tensor, "image group patch"],
) -> Float[Tensor, "image group channel"]:
    """Compute the same shares by channel, times `areas` and summed over the patches."""
    on_grid = areas.reshape(*areas.shape[:2], *grid)
    parts = [
        torch.stack([on_grid[receiver] for receiver in receivers]).sum(dim=0).flatten(2)
        @ amount.flatten(1, 2)
        * factor
        for amount, factor, receivers in _terms(kind, tokens, grid)
    ]
    return torch.stack(parts).sum(dim=0)


Window = tuple[EllipsisType | slice, ...]
"""Some rows and columns of (…, row, column)."""
_ALL: Window = (...,)
_UPPER: Window = (..., slice(None, -1), slice(None))
_LOWER: Window = (..., slice(1, None), slice(None))
_LEFT: Window = (..., slice(None, -1))
_RIGHT: Window = (..., slice(1, None))


class _Term(NamedTuple):
    """Terms of a feature, each given whole to the patch at its index in every receiving window.

    A term's share is `amount`, (image, row, column, channel), times `factor`, (image, 1, channel)
    or a number.
    """

    amount: Tensor
    factor: Tensor | float
    receivers: tuple[Window, ...]


def _terms(
    kind: FeatureKind, tokens: Float[Tensor, "image patch channel"], grid: Grid
) -> tuple[_Term, ...]:
    """Write a feature as a sum of terms; ValueError for a kind not made of patch tokens."""
    if kind == "patch_mean":
        return (_Term(_on_grid(tokens, grid), 1 / tokens.shape[1], (_ALL,)),)
    if kind == "patch_spread":
        squares, factor = _squares(tokens)
        return (_Term(_on_grid(squares, grid), factor, (_ALL,)),)
    if kind == "patch_variation":
        half = 1 / (2 * (sum(_pairs(grid)) or 1))
        down, across = _steps(tokens, grid)
        return _Term(down, half, (_UPPER, _LOWER)), _Term(across, half, (_LEFT, _RIGHT))
    raise ValueError(f"{kind} is not made of patch tokens")


def _squares(
    tokens: Float[Tensor, "image patch channel"],
) -> tuple[Float[Tensor, "image patch channel"], Float[Tensor, "image 1 channel"]]:
    """Compute (t - m)^2, and 1 / (T s), which is 0 where s is."""
    squares = (tokens - tokens.mean(dim=1, keepdim=True)).square_()
    deviation = squares.mean(dim=1, keepdim=True).sqrt()
    equal = deviation == 0
    factor = torch.where(equal, 0.0, 1 / (tokens.shape[1] * torch.where(equal, 1.0, deviation)))
    return squares, factor


def _steps(tokens: Float[Tensor, "image patch channel"], grid: Grid) -> tuple[Tensor, Tensor]:
    """Compute the |difference| of each patch to the one below it, and to the one at its right."""
    on_grid = _on_grid(tokens, grid)
    return on_grid.diff(dim=1).abs_(), on_grid.diff(dim=2).abs_()


def _on_grid(
    tokens: Float[Tensor, "image patch channel"], grid: Grid
) -> Float[Tensor, "image row column channel"]:
    return tokens.reshape(len(tokens), *grid, tokens.shape[2])


def _pairs(grid: Grid) -> tuple[int, int]:
    """Count the pairs of patches one above the other, and side by side."""
    rows, columns = grid
    return (rows - 1) * columns, rows * (columns - 1)
