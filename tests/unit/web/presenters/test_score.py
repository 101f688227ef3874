"""A score taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.services.explore.descriptions import DimensionView
from workbench.services.image.detail import DimensionShare
from workbench.web.presenters.score import breakdown


@given(
    contributions=some.lists(some.floats(-5, 5), min_size=1, max_size=16), base=some.floats(-2, 2)
)
def test_a_breakdown_lists_everything_that_counts_from_the_largest_down(
    contributions: list[float], base: float
) -> None:
    shares = [DimensionShare(i, abs(c), 1.0, c) for i, c in enumerate(contributions)]
    logit = base + sum(contributions)

    parts = breakdown(base, logit, shares, [DimensionView()] * len(shares), [])

    listed = [abs(entry.share.contribution) for entry in parts.dimensions]
    assert listed == sorted(listed, reverse=True)
    assert len(listed) + parts.silent == len(contributions)
    total = parts.base + sum(entry.share.contribution for entry in parts.dimensions)
    assert total == pytest.approx(parts.logit, abs=0.005 * 16)
