"""Smoothed shares: by slow loops, and nothing of a patch's share lost."""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import pytest
import torch

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.relevance.patch_share import patch_share
from workbench.analysis.relevance.smooth_share import SIGMA, smooth_share

FEATURES = ((0, "patch_mean"), (2, "patch_mean"), (2, "class"))


def slow_spread(grid: list[list[float]]) -> list[list[float]]:
    """Each patch's share given away by a Gaussian over the grid, one patch at a time."""
    places = [(row, column) for row in range(len(grid)) for column in range(len(grid[0]))]
    spread = [[0.0] * len(grid[0]) for _ in grid]
    for row, column in places:
        weights = {
            place: exp(-((row - place[0]) ** 2 + (column - place[1]) ** 2) / 2 / SIGMA**2)
            for place in places
        }
        for place, weight in weights.items():
            share = grid[row][column] * weight / sum(weights.values())
            spread[place[0]][place[1]] += share
    return spread


def test_shares_are_spread_by_a_gaussian_and_kept_whole(
    timm_encoder: MakeEncoder, make_head: Callable[..., DistilledHead]
) -> None:
    encoder = timm_encoder(FEATURES)
    head = make_head(encoder.dimension)
    state = encoder.encode(torch.randn(2, 3, 32, 32))
    exact = patch_share(encoder, head, state)

    found = smooth_share(encoder, head, state)

    for image in range(2):
        for dimension in range(len(head.bias)):
            expected = slow_spread(exact.maps[image, dimension].reshape(encoder.grid).tolist())
            on_grid = found.maps[image, dimension].reshape(encoder.grid)
            torch.testing.assert_close(on_grid, torch.tensor(expected), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.maps.sum(dim=-1), exact.maps.sum(dim=-1))
    assert torch.equal(found.baseline, exact.baseline)
    assert float(found.maps.std()) < float(exact.maps.std())


def test_without_a_patch_feature_there_is_nothing_to_share(
    clip_encoder: MakeEncoder, make_head: Callable[..., DistilledHead]
) -> None:
    encoder = clip_encoder()
    state = encoder.encode(torch.randn(1, 3, 32, 32))

    with pytest.raises(ValueError, match="no patch feature"):
        smooth_share(encoder, make_head(encoder.dimension), state)
