"""Features made of a block's patch tokens, and each patch's exact share of them."""

from __future__ import annotations

from types import EllipsisType

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.encoders.protocol import FeatureKind

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


def shares_along(
    kind: FeatureKind,
    tokens: Float[Tensor, "image patch channel"],
    grid: Grid,
    slope: Float[Tensor, "image dimension channel"],
) -> Float[Tensor, "image dimension patch"]:
    """What each patch gives to `patch_feature`, times `slope` and summed over the channels.

    Over the patches it sums to slope times the feature. The share of patch p in a mean is t_p / T;
    in a spread s, as in the variance, (t_p - m)^2 / (T s), and 0 where all patches are alike; of a
    variation, each pair's |t_p - t_q| is halved between the two.
    """
    if kind == "patch_mean":
        return _times(slope / tokens.shape[1], tokens)
    if kind == "patch_spread":
        squares, over = _squares(tokens)
        return _times(slope * over, squares)
    if kind == "patch_variation":
        of_patches = tokens.new_zeros(*slope.shape[:2], *grid)
        for steps, start, end in _halved_steps(tokens, grid):
            of_steps = _times(slope, steps.flatten(1, 2))
            of_steps = of_steps.reshape(*slope.shape[:2], *steps.shape[1:3])
            of_patches[start] += of_steps
            of_patches[end] += of_steps
        return of_patches.flatten(2)
    raise ValueError(f"{kind} is not made of patch tokens")


def shares_within(
    kind: FeatureKind,
    tokens: Float[Tensor, "image patch channel"],
    grid: Grid,
    areas: Float[Tensor, "image group patch"],
) -> Float[Tensor, "image group channel"]:
    """The same shares channel by channel, times `areas` and summed over the patches."""
    if kind == "patch_mean":
        return areas @ tokens / tokens.shape[1]
    if kind == "patch_spread":
        squares, over = _squares(tokens)
        return areas @ squares * over
    if kind == "patch_variation":
        placed = areas.reshape(*areas.shape[:2], *grid)
        within = tokens.new_zeros(*areas.shape[:2], tokens.shape[2])
        for steps, start, end in _halved_steps(tokens, grid):
            of_steps = (placed[start] + placed[end]).flatten(2)
            within = within + of_steps @ steps.flatten(1, 2)
        return within
    raise ValueError(f"{kind} is not made of patch tokens")


def _times(
    slope: Float[Tensor, "image dimension channel"], terms: Float[Tensor, "image term channel"]
) -> Float[Tensor, "image dimension term"]:
    return slope @ terms.transpose(1, 2)


def _squares(
    tokens: Float[Tensor, "image patch channel"],
) -> tuple[Float[Tensor, "image patch channel"], Float[Tensor, "image 1 channel"]]:
    """(t - m)^2, and 1 / (T s), which is 0 where s is."""
    squares = (tokens - tokens.mean(dim=1, keepdim=True)).square_()
    spread = squares.mean(dim=1, keepdim=True).sqrt()
    alike = spread == 0
    over = torch.where(alike, 0.0, 1 / (tokens.shape[1] * torch.where(alike, 1.0, spread)))
    return squares, over


Place = tuple[EllipsisType | slice, ...]
"""Of (…, row, column), some rows and columns."""
_UPPER: Place = (..., slice(None, -1), slice(None))
_LOWER: Place = (..., slice(1, None), slice(None))
_LEFT: Place = (..., slice(None, -1))
_RIGHT: Place = (..., slice(1, None))


def _halved_steps(
    tokens: Float[Tensor, "image patch channel"], grid: Grid
) -> tuple[tuple[Tensor, Place, Place], ...]:
    """What an end of each pair gets, (image, row, column, channel), and where pairs begin and end.

    Pairs one above the other, then pairs side by side.
    """
    pairs = 2 * (sum(_pairs(grid)) or 1)
    down, across = (step.div_(pairs) for step in _steps(tokens, grid))
    return (down, _UPPER, _LOWER), (across, _LEFT, _RIGHT)


def _steps(tokens: Float[Tensor, "image patch channel"], grid: Grid) -> tuple[Tensor, Tensor]:
    """|Difference| of each patch to the one below it, and to the one at its right."""
    placed = tokens.reshape(len(tokens), *grid, tokens.shape[2])
    return placed.diff(dim=1).abs_(), placed.diff(dim=2).abs_()


def _pairs(grid: Grid) -> tuple[int, int]:
    rows, columns = grid
    return (rows - 1) * columns, rows * (columns - 1)
