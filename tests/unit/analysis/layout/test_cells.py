"""Cells cut the layout without losing an image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.layout.cells import (
    COLUMNS,
    ROWS,
    cell_indices,
    level_count,
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
    coordinates = collection["coordinates"]

    for cell in list(summarise_cells(**collection))[:40]:
        left, top = cell.column / (COLUMNS << cell.level), cell.row / (ROWS << cell.level)
        inside = (
            (coordinates[:, 0] >= left)
            & (coordinates[:, 0] < left + 1 / (COLUMNS << cell.level))
            & (coordinates[:, 1] >= top)
            & (coordinates[:, 1] < top + 1 / (ROWS << cell.level))
        )
        assert sum(cell.counts) == inside.sum()
        assert cell.mean_p == pytest.approx(collection["p"][inside].mean())
        assert inside[cell.exemplar]


def test_a_cells_sensitivity_is_the_mean_over_its_measured_images() -> None:
    collection = random_collection(500, 1)
    collection["sensitivity"][::3] = np.nan

    for cell in summarise_cells(**collection):
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

    cells = list(summarise_cells(**collection))

    assert len(cells) == level_count(30)


def test_finer_levels_come_with_larger_collections_up_to_a_bound() -> None:
    counts = [level_count(count) for count in (1, 1_000, 100_000, 10_000_000, 10**12)]

    assert counts == sorted(counts)
    assert counts[0] == 2
    assert counts[-1] == 8
