"""The dashboard: pictures, tables, what stands out, and its tables to take away."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from tests.web.conftest import Reader
from workbench.services.dashboard.days import Day
from workbench.web.presenters.dashboard import HEIGHT, series

PAGE = "/c/faces/dashboard"


def test_work_is_told_by_day_person_and_tag(visitor: Reader) -> None:
    page = visitor.get(f"{PAGE}?since=2026-03-01&until=2026-03-04").text

    assert 'Verdicts <b class="number">60</b>' in page
    assert "on 2 of them they agree" in page
    assert "<title>2026-03-04: 30</title>" in page
    assert "=ben &lt;i&gt;" in page
    assert "fake smile &lt;b&gt;" in page
    assert "236 of 3,153" in page


def test_a_person_who_says_one_thing_or_never_looks_stands_out(visitor: Reader) -> None:
    page = visitor.get(PAGE).text

    assert "says “fake” on 100% of their images, of which 55% are labelled so." in page
    assert "gives a verdict every 0.4 s: hardly time to look at an image." in page
    assert page.count("says “") == 1


def test_a_persons_figures_lead_to_their_history_of_these_days(visitor: Reader) -> None:
    page = visitor.get(f"{PAGE}?since=2026-03-01&until=2026-03-04").text

    address = "collection=faces&amp;kind=verdict&amp;since=2026-03-01&amp;until=2026-03-04"
    assert f'href="/people/1/history?{address}">20</a>' in page


def test_the_forecast_has_its_interval(visitor: Reader) -> None:
    page = visitor.get(PAGE).text

    assert "30 images misclassified, without a verdict</a> 12 days" in page
    assert "(95% interval 8 days to 20 days)" in page
    assert 'href="/c/faces/queues/7">glare &lt;b&gt;</a>' in page
    assert "no verdict in 14 days" in page


def test_nothing_done_says_so(visitor: Reader) -> None:
    page = visitor.get("/c/raw/dashboard").text

    assert "Nobody did anything here in these days." in page
    assert "No tag was put on in these days." in page
    assert "The review queue begins with the first analysis." in page


def test_tables_are_taken_away_without_formulas(visitor: Reader) -> None:
    answer = visitor.get(f"{PAGE}/export?table=people")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.content_type == "text/csv; charset=utf-8"
    assert [(row["person"], row["judged"], row["fake"]) for row in rows] == [
        ("'=ben <i>", "40", "40"),
        ("ada", "20", "12"),
    ]
    assert rows[0]["concerns"] == "one_answer fast"
    days = visitor.get(f"{PAGE}/export?table=days&since=2026-03-01&until=2026-03-04").text
    assert [row["judged"] for row in csv.DictReader(io.StringIO(days))] == ["0", "10", "20", "30"]


@pytest.mark.parametrize("query", ["since=2026-03-04&until=2026-03-01", "since=x"])
def test_days_in_no_order_are_refused(query: str, visitor: Reader) -> None:
    assert visitor.get(f"{PAGE}?{query}").status_code == 422


def test_columns_are_on_the_scale_of_their_own_kind() -> None:
    first = date(2026, 3, 1)
    judged, tagged, agreed = series(
        [Day(first, 4, 0, 0, 0, 2, 1), Day(date(2026, 3, 2), 2, 1, 0, 0, 0, 0)]
    )

    assert [each.height for each in judged.columns] == [HEIGHT, HEIGHT / 2]
    assert [each.height for each in tagged.columns] == [0, HEIGHT]
    assert (agreed.columns[0].height, agreed.columns[0].part_height) == (HEIGHT, HEIGHT / 2)
    assert (judged.part, agreed.part) == (None, 1)
