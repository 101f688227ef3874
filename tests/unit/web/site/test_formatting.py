"""Numbers as the screens print them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.web.site import formatting


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.42, "+0.42"), (-1.3, "−1.30"), (0.0, "0.00"), (-0.001, "0.00"), (None, "–")],
)
def test_a_sign_is_always_printed(value: float | None, text: str) -> None:
    assert formatting.signed(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.125, 2, "0.12"), (0.375, 2, "0.38"), (-0.5, 0, "0"), (-1.5, 0, "−2"), (2.675, 2, "2.67")],
)
def test_figures_are_rounded_half_to_even_by_their_exact_value(
    value: float, digits: int, text: str
) -> None:
    assert formatting.fixed(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(0.95, "95%"), (0.125, "12%"), (0.0, "0%")])
def test_a_percentage_has_no_space(value: float, text: str) -> None:
    assert formatting.percent(value) == text


@given(value=some.floats(-1e6, 1e6))
def test_a_signed_number_reads_back_to_itself(value: float) -> None:
    text = formatting.signed(value).replace("−", "-")

    assert float(text) == pytest.approx(value, abs=0.0051)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "0 s"), (14.4, "14 s"), (59.6, "1 min"), (200, "3 min"), (5400, "1.5 h")],
)
def test_a_duration_is_said_in_its_largest_useful_unit(seconds: float | None, text: str) -> None:
    assert formatting.duration(seconds) == text


def test_moments_are_told_in_utc() -> None:
    there = datetime(2026, 3, 3, 1, 30, tzinfo=timezone(timedelta(hours=2)))

    assert formatting.moment(there) == "2026-03-02 23:30 UTC"
    assert formatting.day(datetime(2026, 3, 3, tzinfo=UTC)) == "3 March 2026"


@pytest.mark.parametrize(
    ("size", "text"), [(999, "999 B"), (12_345, "12 kB"), (2_500_000, "2.5 MB")]
)
def test_file_sizes_are_told_as_people_read_them(size: int, text: str) -> None:
    assert formatting.file_size(size) == text


@given(name=some.text())
def test_a_tag_has_one_colour_whatever_its_case(name: str) -> None:
    assert 0 <= formatting.tag_hue(name) < 6
    assert formatting.tag_hue("Fake Smile") == formatting.tag_hue("fake smile")
