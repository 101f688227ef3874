"""Dimensions of two distillers are matched by what they do on the same images."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.distiller.dimensions import match_dimensions


@given(st.permutations(range(5)), st.integers(0, 2**32))
def test_matching_recovers_a_permutation_whatever_scale_and_offset(
    order: list[int], seed: int
) -> None:
    random = torch.Generator().manual_seed(seed)
    first = torch.rand(60, 5, generator=random)
    second = first[:, order] * (torch.rand(5, generator=random) + 0.5) + 3.0

    np.testing.assert_allclose(match_dimensions(first, second), 1.0, atol=1e-4)


def test_strangers_match_less_than_kin() -> None:
    random = torch.Generator().manual_seed(0)
    first = torch.rand(500, 5, generator=random)
    noisy = first + 0.3 * torch.rand(500, 5, generator=random)
    strange = torch.rand(500, 5, generator=random)

    assert match_dimensions(first, noisy).min() > 0.9
    assert np.abs(match_dimensions(first, strange)).max() < 0.3


def test_a_dimension_that_never_moves_matches_nothing() -> None:
    first = torch.rand(40, 3, generator=torch.Generator().manual_seed(0))
    still = first.clone()
    still[:, 1] = 0.7

    matched = match_dimensions(first, still)

    assert matched[1] == 0
    np.testing.assert_allclose(matched[[0, 2]], 1.0, atol=1e-4)
