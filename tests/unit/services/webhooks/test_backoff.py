"""Failed deliveries are tried again later and later, and never before they are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from workbench.services.webhooks.backoff import ATTEMPTS, LONGEST, retry_after, wait_after

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@given(some.integers(1, ATTEMPTS - 2))
def test_each_wait_is_longer_than_the_one_before(attempts: int) -> None:
    shorter, longer = wait_after(attempts), wait_after(attempts + 1)
    assert shorter is not None
    assert longer is not None
    assert timedelta(seconds=8) <= shorter < longer <= LONGEST


def test_there_is_an_end_whatever_is_asked() -> None:
    assert wait_after(ATTEMPTS) is None
    assert wait_after(ATTEMPTS, timedelta(hours=1)) is None


@given(some.integers(1, ATTEMPTS - 1), some.timedeltas(timedelta(), timedelta(days=1)))
def test_what_a_receiver_asks_for_is_waited_for(attempts: int, asked: timedelta) -> None:
    found = wait_after(attempts, asked)
    assert found is not None
    assert asked <= found <= LONGEST


def test_seconds_and_dates_are_understood() -> None:
    assert retry_after("120", NOW) == timedelta(minutes=2)
    assert retry_after("Wed, 04 Mar 2026 13:00:00 GMT", NOW) == timedelta(hours=1)
    assert retry_after("Wed, 04 Mar 2026 11:00:00 GMT", NOW) is None
    assert retry_after("9" * 400, NOW) == LONGEST


@given(some.text())
def test_nothing_that_a_receiver_says_is_an_error(header: str) -> None:
    found = retry_after(header, NOW)
    assert found is None or timedelta() <= found <= LONGEST
