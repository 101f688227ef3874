"""The layout puts like images together and stays put over versions."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis.layout.umap import lay_out


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


def test_a_later_version_finds_its_images_near_their_old_places() -> None:
    activations = two_clusters()
    before = lay_out(activations, seed=0)
    changed = activations + np.random.default_rng(1).normal(scale=0.02, size=activations.shape)

    kept = lay_out(changed, seed=1, parent=before)

    assert np.corrcoef(before[:, 0], kept[:, 0])[0, 1] > 0.7
    assert np.corrcoef(before[:, 1], kept[:, 1])[0, 1] > 0.7


def test_images_that_the_parent_did_not_know_get_a_place() -> None:
    activations = two_clusters()
    before = lay_out(activations, seed=0)
    before[:10] = np.nan

    assert np.isfinite(lay_out(activations, seed=0, parent=before)).all()


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 6, 20])
def test_small_collections_have_a_layout(count: int) -> None:
    activations = np.random.default_rng(0).random((count, 3))

    places = lay_out(activations, seed=0)

    assert places.shape == (count, 2)
    assert ((places >= 0) & (places < 1)).all()


def test_images_all_alike_have_a_layout() -> None:
    assert np.isfinite(lay_out(np.ones((30, 3)), seed=0)).all()
