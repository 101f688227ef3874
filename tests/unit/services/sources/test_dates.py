"""Dates as tables and cameras write them are read as far as they are known, never guessed."""

from __future__ import annotations

import pytest

from workbench.services.sources.dates import read_date, says_date


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2012", "2012"),
        ("2012.0", "2012"),
        ("2012-05", "2012-05"),
        ("2012-05-04", "2012-05-04"),
        ("2012-5-4", "2012-05-04"),
        (" 2012/05/04 ", "2012-05-04"),
        ("20120504", "2012-05-04"),
        ("2012-05-04T12:30:00Z", "2012-05-04"),
        ("2012-05-04 12:30:00.123456+02:00", "2012-05-04"),
        ("20120504T123000", "2012-05-04"),
        ("2012:05:04 12:30:00", "2012-05-04"),
        ("1336132800", "2012-05-04"),
        ("1336132800.5", "2012-05-04"),
        ("1336132800000", "2012-05-04"),
        ("04.05.2012", "2012-05-04"),
        ("4 May 2012", "2012-05-04"),
        ("May 4, 2012", "2012-05-04"),
        ("Fri, 04 May 2012 12:00:00 GMT", "2012-05-04"),
        ("Fri May 04 12:00:00 +0000 2012", "2012-05-04"),
        ("May 2012", "2012-05"),
    ],
)
def test_a_date_is_read_however_it_is_written(written: str, date: str) -> None:
    assert read_date(written) == date


@pytest.mark.parametrize(
    ("written", "date"),
    [("25/12/2012", "2012-12-25"), ("12/25/2012", "2012-12-25"), ("05/04/2012", "2012")],
)
def test_of_a_day_and_month_in_an_order_that_nothing_tells_the_year_is_kept(
    written: str, date: str
) -> None:
    assert read_date(written) == date


@pytest.mark.parametrize(
    "written",
    ["spring", "2012-13-01", "2012-02-30", "0000:00:00 00:00:00", "12", "99999", "-1", "1e999"],
)
def test_what_is_no_date_is_none(written: str) -> None:
    assert read_date(written) is None
    assert says_date(written)


@pytest.mark.parametrize("written", ["", " ", "nan", "NaT", "None", "null", "n/a", "unknown", "-"])
def test_words_for_nothing_say_no_date(written: str) -> None:
    assert read_date(written) is None
    assert not says_date(written)
