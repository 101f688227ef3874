"""Regions to learn from: ellipses anywhere, and where evidence is strongest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.kinds.sample import DRAWN, draw_ellipses, sample_regions, strongest

GRID = (6, 8)


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 20), columns=st.integers(1, 20))
def test_an_ellipse_holds_some_patches_and_seldom_all(seed: int, rows: int, columns: int) -> None:
    found = draw_ellipses(3, (rows, columns), np.random.default_rng(seed))

    assert found.shape == (3, rows * columns)
    assert set(found.unique().tolist()) <= {0.0, 1.0}
    assert (found.sum(dim=1) >= 1).all()


def test_small_and_large_ellipses_are_drawn() -> None:
    shares = draw_ellipses(500, (16, 16), np.random.default_rng(0)).mean(dim=1)

    # Cut off at the edges, an ellipse may be smaller than the smallest.
    assert shares.max() == pytest.approx(0.3, abs=0.03)
    assert 0.04 < shares.median() < 0.1


def test_the_strongest_patches_count_by_their_evidence_and_the_weakest_are_compared() -> None:
    evidence = torch.linspace(-1, 1, 48)

    inside, outside = strongest(evidence)

    assert torch.equal(inside.nonzero()[:, 0], torch.tensor([45, 46, 47]))
    assert torch.equal(inside[45:], evidence[45:])
    assert torch.equal(outside, (torch.arange(48) < 36).float())


def test_without_evidence_toward_a_side_there_is_a_region_all_the_same() -> None:
    inside, outside = strongest(torch.zeros(4))

    assert inside.sum() == 1
    assert outside.sum() == 3
    assert all(torch.isfinite(each).all() for each in strongest(torch.tensor([-1.0])))


def test_an_images_sample_does_not_depend_on_its_batch() -> None:
    random = torch.Generator().manual_seed(0)
    tokens = torch.randn(3, 2, 48, 4, generator=random)
    evidence = torch.randn(3, 48, generator=random)

    together = sample_regions(tokens, evidence, GRID, np.array([5, 6, 7]))
    alone = sample_regions(tokens[1:2], evidence[1:2], GRID, np.array([6]))

    assert together.drawn.shape == (3, DRAWN, 8)
    for name in ("drawn", "toward_fake", "toward_real"):
        assert torch.equal(getattr(together, name)[1:2], getattr(alone, name))
