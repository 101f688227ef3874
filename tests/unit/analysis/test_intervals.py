"""Wilson's intervals, plain and over groups: a width always, and 95% of the true values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from workbench.analysis.intervals import Estimate, share_with_interval


def share(hits: NDArray[np.bool_], group: NDArray[np.int64]) -> Estimate:
    found = share_with_interval(hits, group)
    assert found is not None
    return found


def grouped(
    generator: np.random.Generator, groups: int, likeness: float, mean: float
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Images in groups of 1 to 15, whose hits correlate by `likeness` within a group."""
    group = np.repeat(np.arange(groups), generator.integers(1, 16, size=groups))
    strength = 1 / likeness - 1
    own = generator.beta(mean * strength, (1 - mean) * strength, size=groups)
    return generator.random(len(group)) < own[group], group


@given(st.integers(1, 60), st.data())
def test_of_single_images_the_interval_is_wilsons(images: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, images))

    found = share(np.arange(images) < hits, np.arange(images))

    exact = binomtest(hits, images).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert found.value == hits / images


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=30))
def test_an_interval_has_a_width_and_holds_the_value(rows: list[tuple[bool, int]]) -> None:
    hits = np.array([row[0] for row in rows])

    found = share(hits, np.array([row[1] for row in rows]))

    plain = share(hits, np.arange(len(hits)))
    assert 0 <= found.low <= found.value <= found.high <= 1
    # Groups never make images tell more.
    assert found.high - found.low >= plain.high - plain.low - 1e-12


def test_no_image_has_no_share() -> None:
    assert share_with_interval(np.array([], dtype=bool), np.array([], dtype=int)) is None


def test_one_group_tells_nothing_of_others() -> None:
    found = share(np.arange(50) < 10, np.zeros(50, dtype=int))

    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0, 1.0))


def test_without_a_hit_a_group_counts_as_one_image() -> None:
    found = share(np.zeros(500, dtype=bool), np.arange(500) // 10)

    assert found.low == 0.0
    plain = share(np.zeros(50, dtype=bool), np.arange(50))
    assert found.high == pytest.approx(plain.high, rel=0.1)


@pytest.mark.parametrize(("likeness", "mean"), [(0.05, 0.4), (0.3, 0.4), (0.3, 0.1), (0.8, 0.7)])
def test_the_interval_covers_the_true_share_of_grouped_images(likeness: float, mean: float) -> None:
    generator = np.random.default_rng(7)

    found = [share(*grouped(generator, 60, likeness, mean)) for _ in range(600)]

    covered = np.mean([each.low <= mean <= each.high for each in found])
    assert 0.92 < covered < 0.985


def test_the_interval_is_as_wide_as_that_of_a_bootstrap_over_groups() -> None:
    generator = np.random.default_rng(3)
    hits, group = grouped(generator, 200, 0.4, 0.3)
    sizes, own = np.bincount(group), np.bincount(group, weights=hits)
    drawn = generator.integers(200, size=(4000, 200))

    low, high = np.percentile(own[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), [2.5, 97.5])

    found = share(hits, group)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)
