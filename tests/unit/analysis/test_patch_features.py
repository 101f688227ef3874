"""Whatever the tokens and the grid: the shares of a feature sum to it, and nothing is changed."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from workbench.analysis.encoder import PATCH_KINDS, FeatureKind
from workbench.analysis.patch_features import patch_feature, patch_shares

kinds = st.sampled_from(sorted(PATCH_KINDS))
grids = st.tuples(st.integers(1, 4), st.integers(1, 4))


def tokens_on(grid: tuple[int, int], seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(2, grid[0] * grid[1], 3, generator=random, dtype=torch.float64)


@given(kinds, grids, st.integers(0, 99))
def test_shares_sum_to_the_feature(kind: FeatureKind, grid: tuple[int, int], seed: int) -> None:
    tokens = tokens_on(grid, seed)
    before = tokens.clone()

    shares = patch_shares(kind, tokens, grid)

    torch.testing.assert_close(shares.sum(dim=1), patch_feature(kind, tokens, grid))
    assert torch.equal(tokens, before)


@given(st.sampled_from(["patch_spread", "patch_variation"]), grids)
def test_where_all_patches_are_alike_texture_is_nothing_and_nobodys(
    kind: FeatureKind, grid: tuple[int, int]
) -> None:
    tokens = torch.full((1, grid[0] * grid[1], 3), 0.5)

    assert not patch_feature(kind, tokens, grid).any()
    assert not patch_shares(kind, tokens, grid).any()


def test_a_step_belongs_half_to_each_of_its_sides() -> None:
    tokens = torch.tensor([0.0, 0.0, 4.0])[None, :, None]

    assert patch_feature("patch_variation", tokens, (1, 3)).item() == 2.0
    assert patch_shares("patch_variation", tokens, (1, 3)).flatten().tolist() == [0.0, 1.0, 1.0]


def test_a_class_token_is_not_made_of_patches() -> None:
    for made in (patch_feature, patch_shares):
        with pytest.raises(ValueError, match="class is not made of patch tokens"):
            made("class", torch.zeros(1, 4, 2), (2, 2))
