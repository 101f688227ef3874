"""Evidence of windows is an exact sum over the patches of an image's strongest windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from workbench.analysis.distiller.window_evidence import STRONGEST, WindowEvidence

GRIDS = ((6, 6), (4, 7), (2, 2), (1, 5), (1, 1))


def evidence(blocks: int = 2, channels: int = 5, origin: float = 0.3) -> WindowEvidence:
    weight = torch.randn(blocks, channels, generator=torch.Generator().manual_seed(1))
    return WindowEvidence(tuple(range(blocks)), weight, origin)


def tokens_of(grid: tuple[int, int], images: int = 3) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randn(images, 2, grid[0] * grid[1], 5, generator=random)


def by_hand(windows: WindowEvidence, tokens: Tensor, grid: tuple[int, int]) -> np.ndarray:
    """The same, window by window."""
    rows, columns = grid
    high, wide = min(2, rows), min(2, columns)
    along = (tokens * windows.weight[:, None]).sum(dim=(0, 2)).reshape(grid).numpy()
    along = along - along.mean()
    placed = [
        (float(along[y : y + high, x : x + wide].mean()), y, x)
        for y in range(rows - high + 1)
        for x in range(columns - wide + 1)
    ]
    placed.sort(reverse=True)
    chosen = placed[: max(round(STRONGEST * len(placed)), 1)]
    shares = np.full(grid, -windows.origin / along.size)
    for score, y, x in chosen:
        shares[y : y + high, x : x + wide] += score / len(chosen) / (high * wide)
    return shares.ravel()


@pytest.mark.parametrize("grid", GRIDS)
def test_shares_are_those_of_a_count_window_by_window(grid: tuple[int, int]) -> None:
    windows, tokens = evidence(), tokens_of(grid)

    shares = windows.of_tokens(tokens, grid)

    for own, of_image in zip(shares, tokens, strict=True):
        np.testing.assert_allclose(own.numpy(), by_hand(windows, of_image, grid), atol=1e-5)


def test_one_region_counts_as_much_however_plain_the_rest_of_the_image_is() -> None:
    """Where a pooled score would be the mean over all patches."""
    small, large = torch.zeros(1, 2, 36, 5), torch.zeros(1, 2, 144, 5)
    windows = replace(evidence(), weight=torch.ones(2, 5), origin=0.0)
    on_small, on_large = small.reshape(1, 2, 6, 6, 5), large.reshape(1, 2, 12, 12, 5)
    on_small[:, :, 1:4, 1:4] = 1
    on_large[:, :, 1:4, 1:4] = 1

    few, many = windows.of_tokens(small, (6, 6)), windows.of_tokens(large, (12, 12))

    # 3 of 25 windows and 15 of 121 are taken, and 4 of them lie whole on the region.
    assert float(few.sum()) == pytest.approx(10 * 27 / 36, abs=1e-4)
    assert float(many.sum()) > 0.5 * float(few.sum())
    assert set(few[0].argsort(descending=True)[:4].tolist()) <= {7, 8, 9, 13, 14, 15, 19, 20, 21}


def test_the_same_tokens_everywhere_are_the_origins_opposite() -> None:
    windows = evidence(origin=0.6)

    shares = windows.of_tokens(torch.ones(1, 2, 36, 5), (6, 6))

    torch.testing.assert_close(shares, torch.full((1, 36), -0.6 / 36))


def test_of_no_image_there_is_no_evidence() -> None:
    assert evidence().of_tokens(torch.zeros(0, 2, 36, 5), (6, 6)).shape == (0, 36)


def test_both_kinds_of_evidence_count_by_their_factors() -> None:
    windows = replace(evidence(), factor=2.0, pooled_factor=0.5)

    both = windows.beside(torch.tensor([[4.0, 0.0]]), torch.tensor([[1.0, 3.0]]))

    torch.testing.assert_close(both, torch.tensor([[4.0, 6.0]]))
