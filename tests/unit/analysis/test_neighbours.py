"""What is nearest is found, in a space that stands for what is to be compared."""

from __future__ import annotations

from pathlib import Path

import jaxtyping
import numpy as np
import pytest
from numpy.typing import NDArray

with jaxtyping.install_import_hook("workbench.analysis", "beartype.beartype"):
    from workbench.analysis.neighbours import (
        COMPONENTS,
        empty_index,
        extend,
        fit_space,
        nearest,
        unit,
        view_index,
    )

Vectors = NDArray[np.float32]


def clustered(count: int, length: int, *, seed: int = 0) -> Vectors:
    """Vectors around thirty places, as images of some kinds lie."""
    random = np.random.default_rng(seed)
    places = random.normal(size=(30, length))
    found = places[random.integers(30, size=count)] + 0.5 * random.normal(size=(count, length))
    return found.astype(np.float32)


def keys(count: int) -> NDArray[np.uint64]:
    return np.arange(count, dtype=np.uint64)


@pytest.mark.parametrize("length", [64, 512])
def test_the_index_finds_what_comparing_with_everything_finds(length: int) -> None:
    vectors = unit(clustered(4000, length))
    index = empty_index(length)
    for start in range(0, len(vectors), 100):
        extend(index, keys(len(vectors))[start : start + 100], vectors[start : start + 100])

    asked = range(0, len(vectors), 40)
    shares = []
    for each in asked:
        cosines = vectors @ vectors[each]
        found, given = nearest(index, vectors[each], 48)
        assert given == pytest.approx(cosines[found.astype(int)], abs=1e-3)
        assert list(given) == sorted(given, reverse=True)
        shares.append(np.isin(found, np.argsort(-cosines)[:48]).mean())

    assert np.mean(shares) >= 0.95


def test_the_space_keeps_who_is_near_whom() -> None:
    kinds = clustered(1200, 40)
    # Most features are the same few directions over again, in sizes of their own.
    mixed = kinds @ np.random.default_rng(1).normal(size=(40, 300)).astype(np.float32)
    vectors = (mixed * np.geomspace(1e-3, 1e3, 300)).astype(np.float32)
    standard = unit((vectors - vectors.mean(axis=0)) / vectors.std(axis=0))

    placed = fit_space(vectors[:600], seed=0).transform(vectors)

    assert placed.shape == (1200, COMPONENTS)
    assert np.linalg.norm(placed, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.corrcoef((placed @ placed.T).ravel(), (standard @ standard.T).ravel())[0, 1] > 0.99


def test_the_same_seed_makes_the_same_space() -> None:
    vectors = clustered(200, 80)

    one, two = (fit_space(vectors, seed=3) for _ in range(2))

    assert np.array_equal(one.axes, two.axes)


@pytest.mark.parametrize("count", [2, 5, 40])
def test_few_images_make_a_space_of_fewer_components(count: int) -> None:
    vectors = clustered(count, 100)
    placed = fit_space(vectors, seed=0).transform(vectors)

    assert placed.shape == (count, count - 1)
    assert np.isfinite(placed).all()


@pytest.mark.parametrize("count", [1, 300])
def test_what_does_not_differ_is_all_the_same(count: int) -> None:
    vectors = np.full((count, 20), 0.1, dtype=np.float32)
    placed = fit_space(vectors, seed=0).transform(vectors)
    index = empty_index(placed.shape[1])
    extend(index, keys(count), placed)

    found, cosines = nearest(index, placed[0], 5)

    assert not placed.any()
    assert len(set(found.tolist())) == min(count, 5)
    assert cosines == pytest.approx(1)


def test_a_feature_that_never_varied_says_nothing_of_an_image_that_has_it() -> None:
    vectors = clustered(50, 10)
    vectors[:, 4] = 7
    space = fit_space(vectors, seed=0)
    strange = vectors[:1].copy()
    strange[:, 4] = 1e6

    assert space.transform(strange) == pytest.approx(space.transform(vectors[:1]), abs=1e-4)


def test_an_empty_index_finds_nothing() -> None:
    found, cosines = nearest(empty_index(4), np.ones(4, dtype=np.float32), 5)

    assert len(found) == len(cosines) == 0


def test_a_file_of_it_says_the_same(tmp_path: Path) -> None:
    vectors = unit(clustered(500, 32))
    index = empty_index(32)
    extend(index, keys(500), vectors)
    index.save(tmp_path / "kept")

    viewed = view_index(tmp_path / "kept")

    for each in vectors[:20]:
        for before, after in zip(nearest(index, each, 9), nearest(viewed, each, 9), strict=True):
            assert np.array_equal(before, after)
