"""Coverage as tables: few rows, all images in them, bars of one scale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.services.hygiene.coverage import Counted, Coverage, Division
from workbench.web.presenters.coverage import MOST_ROWS, CoverageView, coverage_view

NOTHING = Counted("", 0, 0, 0)
NO_NAMES = Division((), 0, NOTHING)


def view_of(years: dict[int, int], undated: Counted = NOTHING) -> CoverageView:
    named = tuple(Counted(str(year), count, 0, 0) for year, count in sorted(years.items()))
    return coverage_view(Coverage(NO_NAMES, NO_NAMES, Division(named, len(named), undated)))


@given(some.dictionaries(some.integers(1826, 2100), some.integers(1, 99), max_size=120))
def test_all_years_stand_in_few_rows_in_their_order(years: dict[int, int]) -> None:
    [table] = view_of(years).tables

    assert len(table.rows) <= MOST_ROWS
    assert table.more == 0
    assert sum(each.counted.real for each in table.rows) == sum(years.values())
    names = [each.counted.name for each in table.rows]
    assert names == sorted(names)


def test_few_years_have_a_row_each_and_many_share_one() -> None:
    few, many = view_of({2004: 1, 2012: 2}), view_of(dict.fromkeys(range(2001, 2021), 1))

    assert [each.counted.name for each in few.tables[0].rows] == ["2004", "2012"]
    assert [each.counted.name for each in many.tables[0].rows][:2] == ["2000–2001", "2002–2003"]


def test_bars_of_a_table_share_a_scale_and_images_without_a_date_are_the_last_row() -> None:
    found = view_of({2012: 10}, undated=Counted("", 10, 20, 10))

    dated, undated = found.tables[0].rows
    assert found.unlabelled
    assert (undated.named, undated.counted.total) == (False, 40)
    assert [(each.kind, each.x, each.width) for each in dated.bar] == [("real", 0, 25)]
    assert [(each.kind, each.x, each.width) for each in undated.bar] == [
        ("real", 0, 25),
        ("fake", 25, 50),
        ("unlabelled", 75, pytest.approx(25)),
    ]


def test_of_many_generators_the_most_frequent_are_shown_and_the_others_counted() -> None:
    named = tuple(Counted(f"g{each}", 0, 100 - each, 0) for each in range(40))
    found = coverage_view(Coverage(Division(named, 40, NOTHING), NO_NAMES, NO_NAMES))

    generators, years = found.tables
    assert [each.counted.name for each in generators.rows] == [f"g{each}" for each in range(12)]
    assert (generators.more, years.rows) == (28, ())
