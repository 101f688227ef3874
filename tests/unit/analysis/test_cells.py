"""Cells cut the layout without losing an image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.cells import COLUMNS, ROWS, level_count, summarise_cells


def random_collection(count: int, seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "places": generator.random((count, 2)),
        "outcomes": generator.integers(4, size=count),
        "p": generator.random(count),
        "sensitivity": generator.random(count),
        "activations": generator.random((count, 3)),
    }


@given(count=st.integers(0, 400), seed=st.integers(0, 999))
def test_every_level_counts_every_image_once(count: int, seed: int) -> None:
    collection = random_collection(count, seed)
    cells = list(summarise_cells(**collection))

    for level in range(level_count(count)):
        counts = np.sum([cell.counts for cell in cells if cell.level == level], axis=0)
        expected = np.bincount(collection["outcomes"], minlength=4) if count else 0
        assert np.all(counts == expected)


def test_no_two_cells_of_a_level_share_a_square() -> None:
    cells = list(summarise_cells(**random_collection(300, 0)))

    squares = [(cell.level, cell.row, cell.column) for cell in cells]
    assert len(set(squares)) == len(squares)


def test_a_cells_figures_are_those_of_its_images() -> None:
    collection = random_collection(500, 1)
    places = collection["places"]

    for cell in list(summarise_cells(**collection))[:40]:
        left, top = cell.column / (COLUMNS << cell.level), cell.row / (ROWS << cell.level)
        inside = (
            (places[:, 0] >= left)
            & (places[:, 0] < left + 1 / (COLUMNS << cell.level))
            & (places[:, 1] >= top)
            & (places[:, 1] < top + 1 / (ROWS << cell.level))
        )
        assert sum(cell.counts) == inside.sum()
        assert cell.mean_p == pytest.approx(collection["p"][inside].mean())
        assert inside[cell.exemplar]


def test_images_all_in_one_place_make_one_cell_a_level() -> None:
    collection = random_collection(30, 2)
    collection["places"] = np.full((30, 2), 0.5)

    cells = list(summarise_cells(**collection))

    assert len(cells) == level_count(30)


def test_finer_levels_come_with_larger_collections_up_to_a_bound() -> None:
    counts = [level_count(count) for count in (1, 1_000, 100_000, 10_000_000, 10**12)]

    assert counts == sorted(counts)
    assert counts[0] == 2
    assert counts[-1] == 8
