"""Cells cut the layout without losing an image."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.layout.cells import (
    COARSEST_LEVEL,
    COLUMNS,
    FINEST_LEVEL,
    ROWS,
    WHOLE,
    block_for,
    block_of,
    cell_indices,
    finest_level,
    grid_size,
    levels_of,
    stratified_order,
    summarise_cells,
)


def random_collection(count: int, seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "coordinates": generator.random((count, 2)),
        "outcomes": generator.integers(4, size=count),
        "p": generator.random(count),
        "sensitivity": generator.random(count),
        "activations": generator.random((count, 3)),
    }


@given(count=st.integers(0, 400), seed=st.integers(0, 999))
def test_every_level_counts_every_image_once(count: int, seed: int) -> None:
    collection = random_collection(count, seed)
    cells = list(summarise_cells(**collection, kinds=4))

    for level in levels_of(count):
        counts = np.sum([cell.counts for cell in cells if cell.level == level], axis=0)
        expected = np.bincount(collection["outcomes"], minlength=4) if count else 0
        assert np.all(counts == expected)


def test_no_two_cells_of_a_level_share_a_square() -> None:
    cells = list(summarise_cells(**random_collection(300, 0), kinds=4))

    squares = [(cell.level, cell.row, cell.column) for cell in cells]
    assert len(set(squares)) == len(squares)


def test_a_cells_figures_are_those_of_its_images() -> None:
    collection = random_collection(500, 1)
    coordinates = collection["coordinates"]

    for cell in list(summarise_cells(**collection, kinds=4))[:40]:
        columns, rows = grid_size(cell.level)
        left, top = cell.column / columns, cell.row / rows
        inside = (
            (coordinates[:, 0] >= left)
            & (coordinates[:, 0] < left + 1 / columns)
            & (coordinates[:, 1] >= top)
            & (coordinates[:, 1] < top + 1 / rows)
        )
        assert sum(cell.counts) == inside.sum()
        assert cell.mean_p == pytest.approx(collection["p"][inside].mean())
        assert inside[cell.exemplar]


def test_a_cells_sensitivity_is_the_mean_over_its_measured_images() -> None:
    collection = random_collection(500, 1)
    collection["sensitivity"][::3] = np.nan

    for cell in summarise_cells(**collection, kinds=4):
        rows, columns = cell_indices(collection["coordinates"], cell.level)
        own = collection["sensitivity"][(rows == cell.row) & (columns == cell.column)]
        known = [value for value in own if not np.isnan(value)]
        assert cell.measured == len(known)
        assert cell.sensitivity == (pytest.approx(np.mean(known)) if known else None)


@given(count=st.integers(0, 600), seed=st.integers(0, 999))
def test_the_stratified_order_has_every_image_once(count: int, seed: int) -> None:
    order = stratified_order(random_collection(count, seed)["coordinates"], seed=seed)

    assert sorted(order) == list(range(count))


@given(
    count=st.integers(1, 900),
    share=st.floats(0.05, 1.0),
    seed=st.integers(0, 999),
)
def test_every_beginning_of_the_stratified_order_covers_the_cells(
    count: int, share: float, seed: int
) -> None:
    coordinates = random_collection(count, seed)["coordinates"] ** 2
    taken = stratified_order(coordinates, seed=seed)[: max(int(share * count), 1)]

    assert is_even(coordinates, taken, np.arange(count), level=0)
    rows, columns = cell_indices(coordinates, 0)
    for cell in set(zip(rows, columns, strict=True)):
        own = np.flatnonzero((rows == cell[0]) & (columns == cell[1]))
        assert is_even(coordinates, np.intersect1d(taken, own), own, level=1)


def is_even(coordinates: np.ndarray, taken: np.ndarray, among: np.ndarray, *, level: int) -> bool:
    """No cell has two more taken than another one that has images left."""
    squares = np.stack(cell_indices(coordinates, level), axis=1)
    left = np.setdiff1d(among, taken)
    cells = {tuple(square) for square in squares[among]}
    counts = {cell: int((squares[taken] == cell).all(axis=1).sum()) for cell in cells}
    with_left = {tuple(square) for square in squares[left]}
    fewest = min((counts[cell] for cell in with_left), default=count_of_all(counts))
    return max(counts.values()) <= fewest + 1


def count_of_all(counts: dict[tuple[int, ...], int]) -> int:
    return max(counts.values(), default=0)


def test_as_many_images_as_there_are_cells_hold_one_of_each() -> None:
    coordinates = random_collection(2_000, 3)["coordinates"]
    rows, columns = cell_indices(coordinates, 0)
    cells = len(set(zip(rows, columns, strict=True)))

    first = stratified_order(coordinates, seed=0)[:cells]

    assert len(set(zip(rows[first], columns[first], strict=True))) == cells


def test_images_all_in_one_place_make_one_cell_a_level() -> None:
    collection = random_collection(30, 2)
    collection["coordinates"] = np.full((30, 2), 0.5)

    cells = list(summarise_cells(**collection, kinds=4))

    assert len(cells) == len(levels_of(30))


def test_finer_levels_come_with_larger_collections_up_to_a_bound() -> None:
    finest = [levels_of(count)[-1] for count in (1, 1_000, 100_000, 10_000_000, 10**12)]

    assert finest == sorted(finest)
    assert finest[0] == 1
    assert finest[-1] == FINEST_LEVEL


def test_the_coarsest_level_has_a_dozen_cells_and_each_level_four_times_the_one_before() -> None:
    assert grid_size(COARSEST_LEVEL) == (4, 3)
    assert grid_size(0) == (COLUMNS, ROWS)
    for level in range(COARSEST_LEVEL, FINEST_LEVEL):
        columns, rows = grid_size(level)
        assert grid_size(level + 1) == (2 * columns, 2 * rows)


@given(count=st.integers(0, 2_000_000))
def test_the_finest_level_has_a_cell_for_each_image_and_a_fifth_to_spare(count: int) -> None:
    block, finer = block_for(count), 2 ** finest_level(count)

    assert 0.8 * block.columns * block.rows * finer**2 >= count


@given(count=st.integers(0, 153))
def test_the_first_view_of_a_small_collection_has_a_cell_for_each_image(count: int) -> None:
    block = block_for(count)

    assert finest_level(count) == 0
    assert 0.8 * block.columns * block.rows >= count
    # No larger than it needs to be: the images fill it.
    narrower = block.columns - 1
    assert narrower < 4 or count > 0.8 * narrower * np.ceil(narrower * ROWS / COLUMNS)


def test_each_block_lies_in_the_next() -> None:
    blocks = [block_for(count) for count in range(200)]

    for inner, outer in pairwise(blocks):
        assert outer.column <= inner.column
        assert outer.row <= inner.row
        assert outer.column + outer.columns >= inner.column + inner.columns
        assert outer.row + outer.rows >= inner.row + inner.rows
    assert blocks[-1] == WHOLE


@pytest.mark.parametrize("count", [2, 10, 36, 100, 800])
def test_the_block_that_a_layout_lies_in_is_found_again(count: int) -> None:
    block = block_for(count)
    inside = random_collection(count, 0)["coordinates"]
    inside[:1], inside[1:2] = 0.001, 0.999

    placed = block.outward(inside)

    assert block_of(placed) == block
    np.testing.assert_allclose(block.inward(placed), inside, atol=1e-12)


def test_a_layout_without_images_lies_in_the_smallest_block_and_a_scattered_one_in_the_whole() -> (
    None
):
    assert block_of(np.full((3, 2), np.nan)).columns == 4
    assert block_of(np.array([[0.0, 0.0], [0.99, 0.99], [np.nan, np.nan]])) == WHOLE
