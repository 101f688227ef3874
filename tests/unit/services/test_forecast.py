"""How long what is left takes, by the pace of two weeks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from workbench.services.queues.forecast import Forecast, forecast

TODAY = date(2026, 3, 28)


def worked(*counts: int) -> dict[date, int]:
    """What was done today, yesterday and so on."""
    return {TODAY - timedelta(days=back): count for back, count in enumerate(counts)}


def test_a_steady_pace_divides_what_is_left_without_doubt() -> None:
    found = forecast(50, worked(*[10] * 14), TODAY)

    assert (found.pace, found.days) == (10, pytest.approx(5))
    assert found.low == found.high == pytest.approx(5)


def test_an_uneven_pace_has_an_interval_around_it() -> None:
    found = forecast(50, worked(100, 0, 0, 20, 0, 0, 0, 20), TODAY)

    assert found.days == pytest.approx(5)
    assert found.low is not None
    assert found.low < 5 < (found.high or 99)


def test_work_on_two_days_has_no_interval_and_no_work_no_forecast() -> None:
    assert forecast(50, worked(7, 7), TODAY) == Forecast(50, 1.0, 50.0, None, None)
    assert forecast(50, {}, TODAY) == Forecast(50, 0.0, None, None, None)
    assert forecast(50, worked(*[0] * 14, 90), TODAY).days is None


def test_what_began_lately_has_the_pace_of_its_own_days() -> None:
    begun = TODAY - timedelta(days=1)

    assert forecast(50, worked(5, 15), TODAY, begun).days == pytest.approx(5)
    assert forecast(50, worked(5), TODAY, TODAY + timedelta(days=3)).days == pytest.approx(10)
