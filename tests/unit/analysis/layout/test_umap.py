"""The layout puts like images together and stays put over versions."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis.layout.cells import COLUMNS, ROWS, block_for
from workbench.analysis.layout.umap import ParentLayout, lay_out


def two_clusters(each: int = 40) -> np.ndarray:
    generator = np.random.default_rng(0)
    activations = generator.random((2 * each, 4)) * 0.2
    activations[:each, 0] += 3
    activations[each:, 1] += 3
    return activations


def test_places_lie_in_the_unit_square() -> None:
    places = lay_out(two_clusters(), seed=0)

    assert places.min() >= 0
    assert places.max() < 1


def test_like_images_lie_together() -> None:
    places = lay_out(two_clusters(), seed=0)

    first, second = places[:40].mean(axis=0), places[40:].mean(axis=0)
    spread = max(places[:40].std(), places[40:].std())
    assert np.linalg.norm(first - second) > spread


def test_the_same_images_and_seed_give_the_same_layout() -> None:
    np.testing.assert_array_equal(lay_out(two_clusters(), seed=3), lay_out(two_clusters(), seed=3))


def within_a_cell(before: np.ndarray, after: np.ndarray) -> float:
    """The share of images that stay within one cell's width."""
    moved = np.abs(after - before) * [COLUMNS, ROWS]
    return float((moved.max(axis=1) <= 1).mean())


def test_the_same_model_keeps_every_image_in_its_place() -> None:
    values = two_clusters()
    before = lay_out(values, seed=0)

    after = lay_out(values, seed=1, parent=ParentLayout(before, values))

    np.testing.assert_allclose(after, before, atol=1e-9)


def test_a_version_that_sees_nearly_the_same_keeps_nearly_every_image_in_its_place() -> None:
    values = two_clusters()
    before = lay_out(values, seed=0)
    changed = values + np.random.default_rng(1).normal(scale=0.02, size=values.shape)

    after = lay_out(changed, seed=1, parent=ParentLayout(before, values))

    assert within_a_cell(before, after) >= 0.9


def test_an_image_that_is_seen_otherwise_moves_to_its_new_neighbours() -> None:
    values = two_clusters()
    before = lay_out(values, seed=0)
    changed = values.copy()
    changed[0] = values[40:].mean(axis=0)

    after = lay_out(changed, seed=0, parent=ParentLayout(before, values))

    assert within_a_cell(before[1:], after[1:]) >= 0.9
    first, second = after[1:40].mean(axis=0), after[40:].mean(axis=0)
    assert np.linalg.norm(after[0] - second) < np.linalg.norm(after[0] - first)


def test_new_images_come_to_their_neighbours_and_the_others_stay() -> None:
    values = two_clusters()
    known = np.r_[0:30, 40:80]
    before = np.full((80, 2), np.nan)
    before[known] = lay_out(values[known], seed=0)

    after = lay_out(values, seed=0, parent=ParentLayout(before, values))

    assert within_a_cell(before[known], after[known]) >= 0.9
    first, second = before[0:30].mean(axis=0), before[40:80].mean(axis=0)
    for place in after[30:40]:
        assert np.linalg.norm(place - first) < np.linalg.norm(place - second)


def test_a_version_that_sees_all_otherwise_is_laid_out_anew_along_the_old_layout() -> None:
    values = two_clusters()
    before = lay_out(values, seed=0)
    shuffled = np.random.default_rng(0).permutation(len(values))

    after = lay_out(values[shuffled], seed=0, parent=ParentLayout(before, values))

    assert within_a_cell(before, after) < 0.5
    first, second = after[shuffled < 40].mean(axis=0), after[shuffled >= 40].mean(axis=0)
    assert np.linalg.norm(first - second) > 0.2


def test_of_a_parent_whose_representation_is_lost_the_places_are_where_umap_starts() -> None:
    values = two_clusters()
    before = lay_out(values, seed=0)

    after = lay_out(values, seed=1, parent=ParentLayout(before))

    for own in (slice(None, 40), slice(40, None)):
        assert np.linalg.norm(after[own].mean(axis=0) - before[own].mean(axis=0)) < 0.15


def test_a_collection_that_outgrows_its_block_keeps_its_arrangement() -> None:
    values = two_clusters()
    known = np.r_[0:18, 40:58]
    before = np.full((80, 2), np.nan)
    before[known] = lay_out(values[known], seed=0)
    grown = np.r_[0:30, 40:70]

    after = lay_out(values[grown], seed=0, parent=ParentLayout(before[grown], values[grown]))

    assert block_for(36) != block_for(60)
    kept = np.isin(grown, known)
    was, became = before[grown][kept], after[kept]
    assert np.corrcoef(was[:, 0], became[:, 0])[0, 1] > 0.9
    assert np.corrcoef(was[:, 1], became[:, 1])[0, 1] > 0.9


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 6, 10, 20])
def test_small_collections_have_a_layout(count: int) -> None:
    activations = np.random.default_rng(0).random((count, 3))

    places = lay_out(activations, seed=0)

    assert places.shape == (count, 2)
    assert ((places >= 0) & (places < 1)).all()
    cells = (places * [COLUMNS, ROWS]).astype(int)
    assert len(np.unique(cells, axis=0)) == count


def test_images_all_alike_lie_side_by_side() -> None:
    places = lay_out(np.ones((30, 3)), seed=0)

    cells = (places * [COLUMNS, ROWS]).astype(int)
    assert len(np.unique(cells, axis=0)) == 30
