"""Whatever the tokens and the grid: the shares of a feature sum to it, and nothing is changed."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from workbench.analysis.encoders.patch_features import patch_feature, shares_along, shares_within
from workbench.analysis.encoders.protocol import PATCH_KINDS, FeatureKind

kinds = st.sampled_from(sorted(PATCH_KINDS))
grids = st.tuples(st.integers(1, 4), st.integers(1, 4))


def tokens_on(grid: tuple[int, int], seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(2, grid[0] * grid[1], 3, generator=random, dtype=torch.float64)


def share_of(
    kind: FeatureKind, tokens: Tensor, grid: tuple[int, int], image: int, patch: int, channel: int
) -> float:
    """One patch's share of one channel of one image, from the definition."""
    column = tokens[image, :, channel]
    count = len(column)
    if kind == "patch_mean":
        return float(column[patch]) / count
    if kind == "patch_spread":
        mean = column.mean()
        return float((column[patch] - mean) ** 2 / (count * ((column - mean) ** 2).mean().sqrt()))
    places = [divmod(each, grid[1]) for each in range(count)]
    pairs = [
        (one, other)
        for one in range(count)
        for other in range(one + 1, count)
        if abs(places[one][0] - places[other][0]) + abs(places[one][1] - places[other][1]) == 1
    ]
    halves = [abs(column[one] - column[other]) / 2 for one, other in pairs if patch in (one, other)]
    return float(sum(halves)) / len(pairs)


@pytest.mark.parametrize("kind", sorted(PATCH_KINDS))
@pytest.mark.parametrize("grid", [(3, 4), (1, 3), (4, 1)])
def test_shares_are_those_of_the_definition(kind: FeatureKind, grid: tuple[int, int]) -> None:
    tokens = tokens_on(grid, 0)
    images, patches, channels = tokens.shape
    random = torch.Generator().manual_seed(1)
    slope = torch.randn(images, 5, channels, generator=random, dtype=tokens.dtype)
    areas = torch.rand(images, 2, patches, generator=random, dtype=tokens.dtype)
    expected = torch.tensor(
        [
            [
                [share_of(kind, tokens, grid, image, patch, each) for each in range(channels)]
                for patch in range(patches)
            ]
            for image in range(images)
        ],
        dtype=tokens.dtype,
    )

    along = shares_along(kind, tokens, grid, slope)
    within = shares_within(kind, tokens, grid, areas)

    torch.testing.assert_close(along, torch.einsum("ikc,ipc->ikp", slope, expected))
    torch.testing.assert_close(within, torch.einsum("igp,ipc->igc", areas, expected))


@given(kinds, grids, st.integers(0, 99))
def test_shares_sum_to_the_feature(kind: FeatureKind, grid: tuple[int, int], seed: int) -> None:
    tokens = tokens_on(grid, seed)
    before = tokens.clone()
    slope = tokens[:, :1].clone()

    along = shares_along(kind, tokens, grid, slope)
    within = shares_within(kind, tokens, grid, tokens.new_ones(2, 1, tokens.shape[1]))

    feature = patch_feature(kind, tokens, grid)
    torch.testing.assert_close(along.sum(dim=-1), (slope * feature[:, None]).sum(dim=-1))
    torch.testing.assert_close(within[:, 0], feature)
    assert torch.equal(tokens, before)


@given(st.sampled_from(["patch_spread", "patch_variation"]), grids)
def test_where_all_patches_are_alike_texture_is_nothing_and_nobodys(
    kind: FeatureKind, grid: tuple[int, int]
) -> None:
    tokens = torch.full((1, grid[0] * grid[1], 3), 0.5)

    assert not patch_feature(kind, tokens, grid).any()
    assert not shares_along(kind, tokens, grid, torch.ones(1, 2, 3)).any()
    assert not shares_within(kind, tokens, grid, torch.ones(1, 1, tokens.shape[1])).any()


def test_a_step_belongs_half_to_each_of_its_sides() -> None:
    tokens = torch.tensor([0.0, 0.0, 4.0])[None, :, None]
    one = torch.ones(1, 1, 1)

    assert patch_feature("patch_variation", tokens, (1, 3)).item() == 2.0
    assert shares_along("patch_variation", tokens, (1, 3), one).flatten().tolist() == [0, 1, 1]


def test_a_class_token_is_not_made_of_patches() -> None:
    tokens, grid = torch.zeros(1, 4, 2), (2, 2)
    for made in (
        lambda: patch_feature("class", tokens, grid),
        lambda: shares_along("class", tokens, grid, torch.ones(1, 1, 2)),
        lambda: shares_within("class", tokens, grid, torch.ones(1, 1, 4)),
    ):
        with pytest.raises(ValueError, match="class is not made of patch tokens"):
            made()


def test_content_is_a_mean_that_is_not_shared_out() -> None:
    tokens = tokens_on((2, 2), 0)

    torch.testing.assert_close(patch_feature("content", tokens, (2, 2)), tokens.mean(dim=1))
    with pytest.raises(ValueError, match="content is not"):
        shares_along("content", tokens, (2, 2), tokens[:, :1])
    with pytest.raises(ValueError, match="content is not"):
        shares_within("content", tokens, (2, 2), tokens.new_ones(2, 1, 4))
