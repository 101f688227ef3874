"""Deletion, insertion and MuFidelity: by slow loops, and where the answer is known."""

from __future__ import annotations

from itertools import pairwise

import jaxtyping
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, tensor

with jaxtyping.install_import_hook("benchmarks.faithfulness_metrics", "beartype.beartype"):
    from benchmarks.faithfulness_metrics import (
        area_under,
        centre_prior,
        mean_colour,
        mu_fidelity,
        random_subsets,
        removed_by_deletion,
        removed_by_insertion,
        without_patches,
    )

PATCHES = 9
shares = st.lists(st.floats(-5, 5, width=32), min_size=PATCHES, max_size=PATCHES).map(tensor)
seeds = st.integers(0, 2**31)


def linear(share: Tensor, removed: Tensor) -> Tensor:
    """A score that is the sum of the shares of the patches that are there."""
    return (~removed).double() @ share.double()


def slow_deletion(share: list[float], relevance: list[float], steps: int) -> float:
    """Algorithm 1 of Petsiuk et al., a patch at a time, on the linear score."""
    order = sorted(range(len(relevance)), key=lambda patch: -relevance[patch])
    scores = []
    for step in range(steps + 1):
        gone = order[: round(len(order) * step / steps)]
        scores.append(sum(value for patch, value in enumerate(share) if patch not in gone))
    area = 0.0
    for before, after in pairwise(scores):
        area += (before + after) / 2 / steps
    return area


@given(shares, shares, st.integers(1, 12))
def test_deletion_is_the_papers_loop(share: Tensor, relevance: Tensor, steps: int) -> None:
    curve = linear(share, removed_by_deletion(relevance[None], steps)[0])

    expected = slow_deletion(share.tolist(), relevance.tolist(), steps)
    assert float(area_under(curve)) == pytest.approx(expected, abs=1e-5)


@given(shares, shares)
def test_of_a_linear_score_no_map_beats_its_own_shares(share: Tensor, other: Tensor) -> None:
    def areas(relevance: Tensor) -> tuple[float, float]:
        maps = relevance[None]
        deletion = linear(share, removed_by_deletion(maps, PATCHES)[0])
        insertion = linear(share, removed_by_insertion(maps, PATCHES)[0])
        return float(area_under(deletion)), float(area_under(insertion))

    best, rival = areas(share), areas(other)
    assert best[0] <= rival[0] + 1e-6
    assert best[1] >= rival[1] - 1e-6


def test_patches_that_speak_against_the_score_go_last() -> None:
    removed = removed_by_deletion(tensor([[-3.0, 1.0, 0.0]]), 3)[0]

    assert removed.tolist() == [
        [False, False, False],
        [False, True, False],
        [False, True, True],
        [True, True, True],
    ]


def test_insertion_brings_first_back_what_deletion_takes_first() -> None:
    relevance = torch.randn(2, PATCHES)

    assert torch.equal(removed_by_insertion(relevance, 4), ~removed_by_deletion(relevance, 4))


def test_a_curve_needs_a_step() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        removed_by_deletion(torch.zeros(1, 4), 0)


@given(seeds)
def test_an_images_order_does_not_depend_on_the_others(seed: int) -> None:
    relevance = torch.randn(3, PATCHES, generator=torch.Generator().manual_seed(seed))
    before = relevance.clone()

    together = removed_by_deletion(relevance, 4)

    assert torch.equal(together[1:2], removed_by_deletion(relevance[1:2], 4))
    assert torch.equal(relevance, before)


@given(seeds)
def test_mu_fidelity_is_the_papers_correlation(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    relevance = torch.randn(2, PATCHES, generator=generator)
    fall = torch.randn(2, 7, generator=generator)
    subsets = random_subsets((3, 3), 7, cell=1, generator=generator)

    found = mu_fidelity(relevance, subsets, fall)

    for image in range(2):
        sums = [
            sum(float(relevance[image, patch]) for patch in range(PATCHES) if subset[patch])
            for subset in subsets
        ]
        expected = np.corrcoef(sums, fall[image].numpy())[0, 1]
        assert float(found[image]) == pytest.approx(expected, abs=1e-5)


@given(seeds, st.floats(0.1, 10), st.floats(-10, 10))
def test_shares_of_a_linear_score_have_full_mu_fidelity(
    seed: int, scale: float, shift: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    share = torch.randn(PATCHES, generator=generator)
    subsets = random_subsets((3, 3), 20, cell=1, generator=generator)
    fall = (linear(share, torch.zeros(1, PATCHES, dtype=torch.bool)) - linear(share, subsets))[None]

    assert float(mu_fidelity(scale * share[None] + shift, subsets, fall)) == pytest.approx(1)
    assert float(mu_fidelity(-share[None], subsets, fall)) == pytest.approx(-1)


def test_mu_fidelity_of_what_does_not_vary_is_zero() -> None:
    subsets = random_subsets((3, 3), 5, cell=1, generator=torch.Generator().manual_seed(0))
    varied, constant = torch.randn(1, 5), torch.full((1, 5), 0.1)

    assert mu_fidelity(torch.full((1, PATCHES), 0.1), subsets, varied).tolist() == [0.0]
    assert mu_fidelity(torch.randn(1, PATCHES), subsets, constant).tolist() == [0.0]
    assert mu_fidelity(torch.zeros(0, PATCHES), subsets, torch.zeros(0, 5)).shape == (0,)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), seeds)
def test_subsets_are_of_one_number_of_whole_cells(
    rows: int, columns: int, cell: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)

    subsets = random_subsets((rows, columns), 4, cell=cell, generator=generator)

    cells = -(-rows // cell) * -(-columns // cell)
    for subset in subsets.reshape(4, rows, columns):
        removed = 0
        for top in range(0, rows, cell):
            for left in range(0, columns, cell):
                square = subset[top : top + cell, left : left + cell]
                assert bool(square.all()) or not bool(square.any())
                removed += bool(square.all())
        assert removed == max(1, round(0.2 * cells))


def test_removed_patches_show_the_filling_and_the_others_the_image() -> None:
    pixels, filling = torch.zeros(3, 4, 6), torch.ones(3, 4, 6)
    before = pixels.clone()

    found = without_patches(
        pixels, filling, tensor([[False, True, False, False, False, True]]), (2, 3)
    )

    expected = tensor([[0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]]).repeat_interleave(2, dim=0)
    assert torch.equal(found[0], expected.float().expand(3, -1, -1))
    assert torch.equal(pixels, before)


def test_the_mean_colour_is_that_of_the_image() -> None:
    pixels = torch.rand(3, 4, 6)

    found = mean_colour(pixels)

    assert found.shape == pixels.shape
    for channel in range(3):
        assert found[channel].tolist() == [[pytest.approx(float(pixels[channel].mean()))] * 6] * 4


def test_the_centre_prior_falls_from_the_middle_outward() -> None:
    prior = centre_prior((4, 6)).reshape(4, 6)

    torch.testing.assert_close(prior, prior.flip(0))
    torch.testing.assert_close(prior, prior.flip(1))
    assert bool((prior[1, :2] < prior[1, 1:3]).all())
    assert int(prior.argmax()) in {8, 9, 14, 15}
    assert centre_prior((1, 1)).tolist() == [0.0]
