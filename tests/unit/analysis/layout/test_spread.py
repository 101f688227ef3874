"""A layout is spread over the panel: evenly, neighbours kept, each image in a cell of its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.manifold import trustworthiness

from workbench.analysis.layout.cells import WHOLE, block_for, finest_level
from workbench.analysis.layout.spread import share_of_cells, spread


def islands(count: int, seed: int = 0) -> np.ndarray:
    """A few crowded islands in an empty sea, as UMAP draws them."""
    generator = np.random.default_rng(seed)
    middles = generator.random((4, 2)) * 0.8 + 0.1
    places = middles[generator.integers(4, size=count)] + generator.normal(
        scale=0.03, size=(count, 2)
    )
    return np.clip(places, 0.0, 0.999)


@settings(max_examples=30)
@given(count=st.integers(1, 700), seed=st.integers(0, 99))
def test_each_image_has_a_cell_of_its_own_on_the_finest_level(count: int, seed: int) -> None:
    block, level = block_for(count), finest_level(count)

    places = spread(islands(count, seed), block)

    assert ((places >= 0) & (places < 1)).all()
    assert share_of_cells(places, block.columns << level, block.rows << level) == 1.0


@pytest.mark.parametrize("count", [150, 600, 3_000])
def test_the_panel_is_used_and_neighbours_stay_neighbours(count: int) -> None:
    before = islands(count)

    after = spread(before, block_for(count))

    assert share_of_cells(before, WHOLE.columns, WHOLE.rows) < 0.5
    assert share_of_cells(after, WHOLE.columns, WHOLE.rows) > 0.75
    assert trustworthiness(before, after, n_neighbors=10) > 0.95


def test_no_part_of_the_panel_is_much_denser_than_it_is_on_average() -> None:
    places = spread(islands(2_000), WHOLE)

    counted = np.histogram2d(*places.T, bins=(8, 6), range=[[0, 1], [0, 1]])[0]
    assert counted.max() <= 1.4 * 2_000 / 48


@settings(max_examples=20)
@given(count=st.integers(1, 400), seed=st.integers(0, 99))
def test_what_was_spread_stays_as_it_is_when_only_the_too_dense_moves(
    count: int, seed: int
) -> None:
    block = block_for(count)
    places = spread(islands(count, seed), block)

    np.testing.assert_allclose(spread(places, block, flow=False), places, atol=1e-12)


def test_images_on_one_spot_come_apart() -> None:
    block = block_for(30)

    places = spread(np.full((30, 2), 0.5), block, flow=False)

    assert share_of_cells(places, block.columns, block.rows) == 1.0
