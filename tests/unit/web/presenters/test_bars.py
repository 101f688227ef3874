"""Bars and dots along one axis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.web.presenters import bars

logits = some.floats(-50, 50)


@given(value=logits, limit=some.floats(0.01, 50))
def test_a_bar_starts_in_the_middle_and_points_to_its_side(value: float, limit: float) -> None:
    bar = bars.diverging_bar(value, limit, 120)

    assert 0 <= bar.x <= bar.x + bar.width <= 120 + 1e-9
    if value >= 0:
        assert bar.x == pytest.approx(60)
    else:
        assert bar.x + bar.width == pytest.approx(60)
    assert bar.toward_fake == (value >= 0)


@given(values=some.lists(logits, min_size=1))
def test_bars_of_one_axis_are_comparable_and_the_longest_fills_it(values: list[float]) -> None:
    limit = bars.scale_limit(values)
    drawn = [bars.diverging_bar(value, limit, 120) for value in values]

    for value, bar in zip(values, drawn, strict=True):
        assert bar.width == pytest.approx(60 * abs(value) / limit)


def test_a_deviation_is_a_whisker_around_the_bar_s_end() -> None:
    bar = bars.diverging_bar(0.5, 1.0, 100, deviation=0.2)

    assert (bar.whisker_low, bar.whisker_high) == (pytest.approx(65), pytest.approx(85))


@given(edit=logits, controls=some.lists(logits, min_size=1, max_size=10))
def test_dots_of_a_strip_keep_their_order_and_stay_on_it(
    edit: float, controls: list[float]
) -> None:
    low, high = min(controls) - 1, max(controls) + 1
    strip = bars.control_strip(edit, controls, (low, high), 240)

    assert strip.interval
    assert strip.interval[0] <= min(strip.controls) <= max(strip.controls) <= strip.interval[1]
    placed = sorted(zip([edit, *controls], [strip.edit, *strip.controls], strict=True))
    assert [x for _value, x in placed] == sorted(x for _value, x in placed)
    assert all(0 <= x <= 240 for _value, x in placed)
    assert strip.zero == 120
