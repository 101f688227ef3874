"""Bootstrap intervals: whole groups are resampled, and the width is the one that theory gives."""

from __future__ import annotations

import jaxtyping
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

with jaxtyping.install_import_hook("benchmarks.intervals", "beartype.beartype"):
    from benchmarks.intervals import mean_with_interval


@given(st.integers(1, 6), st.integers(0, 1000))
def test_the_interval_of_a_mean_resamples_whole_groups(groups: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    group = generator.integers(groups, size=12)
    values = generator.normal(size=groups)[group]

    found = mean_with_interval(values, group, seed=0)

    assert found.value == pytest.approx(values.mean())
    # Images that are the same within a group tell no more than one of each: the extremes of the
    # resampled means are those of the groups.
    assert values.min() - 1e-9 <= found.low <= found.high <= values.max() + 1e-9
    alone = mean_with_interval(values, np.zeros(12, dtype=int), seed=0)
    assert (alone.low, alone.high) == pytest.approx((values.mean(), values.mean()))


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(size=400)

    found = mean_with_interval(values, np.arange(400), seed=0)

    assert found.high - found.low == pytest.approx(2 * 1.96 / 20, rel=0.15)
    assert np.isnan(mean_with_interval(np.array([]), np.array([]), seed=0).value)
