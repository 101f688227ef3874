"""Violins, bars, strips and windows: numbers in, geometry out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.web.fakes.data import CARDS, CELLS
from tests.web.fakes.explore import Cells, FakeChosen
from workbench.services.explore.cells import Window
from workbench.services.explore.filters import Selection
from workbench.services.explore.lasso import Lasso
from workbench.services.image.detail import DimensionShare
from workbench.web.presenters import bars, glyph, violin
from workbench.web.presenters.overview import Sentences, drawing
from workbench.web.presenters.score import breakdown
from workbench.web.request import windows

densities = some.lists(some.floats(0, 1), min_size=24, max_size=24)
logits = some.floats(-50, 50)


def points_of(path: str) -> list[tuple[float, float]]:
    found = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)
    return [(float(x), float(y)) for x, y in found]


@given(density=densities, high=some.floats(0.01, 10), more=some.floats(0, 10))
def test_half_a_violin_stays_on_its_side(density: list[float], high: float, more: float) -> None:
    left = violin.half_violin(density, high / 2, high, high + more, "left")
    right = violin.half_violin(density, high / 2, high, high + more, "right")

    for (x_left, y_left), (x_right, y_right) in zip(
        points_of(left.path), points_of(right.path), strict=True
    ):
        assert 0 <= x_left < violin.WIDTH / 2 < x_right <= violin.WIDTH
        assert 0 <= y_left == y_right <= violin.HEIGHT
        assert x_left + x_right == pytest.approx(violin.WIDTH, abs=0.11)


def test_a_violin_that_reaches_half_as_high_is_drawn_half_as_high() -> None:
    half = violin.half_violin([1.0] * 24, 0.5, 1.0, 2.0, "left")

    assert min(y for _x, y in points_of(half.path)) == violin.HEIGHT / 2
    assert half.mean_y == violin.HEIGHT * 0.75


@pytest.mark.parametrize("density", [[], [0.0] * 24])
def test_a_violin_of_nothing_is_not_drawn(density: list[float]) -> None:
    assert violin.half_violin(density, 0.0, 1.0, 1.0, "left") == violin.Half("", None)


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


def test_a_spread_is_a_whisker_around_the_bar_s_end() -> None:
    bar = bars.diverging_bar(0.5, 1.0, 100, spread=0.2)

    assert (bar.whisker_low, bar.whisker_high) == (pytest.approx(65), pytest.approx(85))


@given(edit=logits, controls=some.lists(logits, min_size=1, max_size=10))
def test_dots_of_a_strip_keep_their_order_and_stay_on_it(
    edit: float, controls: list[float]
) -> None:
    strip = bars.control_strip(edit, controls, 240)

    placed = sorted(zip([edit, *controls], [strip.edit, *strip.controls], strict=True))
    assert [x for _value, x in placed] == sorted(x for _value, x in placed)
    assert all(0 <= x <= 240 for _value, x in placed)
    assert strip.zero == 120


@given(
    level=some.integers(0, 5),
    x=some.floats(-5, 600),
    y=some.floats(-5, 400),
)
def test_a_window_lies_in_its_grid_and_shows_no_more_than_level_0(
    level: int, x: float, y: float
) -> None:
    columns, rows = 16 << level, 12 << level

    place = windows.window_around(level, (x, y), columns, rows)

    assert 0 <= place.column <= place.column + place.columns <= columns
    assert 0 <= place.row <= place.row + place.rows <= rows
    assert place.columns * place.rows <= 192


def test_a_finer_level_shows_the_middle_of_what_was_shown() -> None:
    whole = windows.LevelWindow(0, 0, 0, 16, 12)

    finer = windows.at_level(whole, 1, 16, 12)

    assert finer == windows.LevelWindow(1, 8, 6, 16, 12)
    assert finer.middle == (16.0, 12.0)


@given(level=some.integers(0, 3), x=some.floats(0, 128), y=some.floats(0, 96))
def test_zooming_in_and_out_again_returns_to_the_same_place(level: int, x: float, y: float) -> None:
    columns, rows = 16 << level, 12 << level
    place = windows.window_around(level, (x, y), columns, rows)

    finer = windows.at_level(place, level + 1, columns, rows)
    back = windows.at_level(finer, level, columns * 2, rows * 2)

    assert abs(back.column - place.column) <= 1
    assert abs(back.row - place.row) <= 1


def test_a_window_at_the_edge_cannot_be_moved_beyond_it() -> None:
    place = windows.LevelWindow(1, 0, 6, 16, 12)

    assert windows.moved(place, -8, 0, 32, 24) is None
    assert windows.moved(place, 8, 0, 32, 24) == windows.LevelWindow(1, 8, 6, 16, 12)
    assert windows.moved(place, 100, 0, 32, 24) == windows.LevelWindow(1, 16, 6, 16, 12)


def test_a_cell_of_a_coarser_level_is_framed_where_it_lies_among_finer_ones() -> None:
    place = windows.LevelWindow(1, 8, 6, 16, 12)

    assert windows.square(0, 5, 4, place) == (2.0, 2.0, 2.0)
    assert windows.square(1, 9, 7, place) == (1.0, 1.0, 1.0)


def everything() -> FakeChosen:
    ids = tuple(CARDS)
    return FakeChosen(2, Selection(), ids, ids, ids)


def test_a_cell_that_passes_no_filter_keeps_its_place_and_draws_nothing() -> None:
    nothing = replace(CELLS[11], real_right=0, real_called_fake=0)
    overview = replace(Cells().overview(everything(), 0, None), cells=(nothing, CELLS[12]))

    drawn = drawing(overview, {})

    assert [each.empty for each in drawn.cells] == [True, False]
    assert drawn.empty == 1
    assert drawn.cells[0].arcs == ()
    assert Sentences().of(nothing) == "None of its 2 images match the filters."


def test_a_ring_is_measured_by_the_whole_of_the_largest_cell() -> None:
    """So that a filter makes rings smaller, and not all others larger."""
    overview = Cells().overview(everything(), 0, None)
    half = replace(CELLS[11], real_called_fake=0)

    whole, part = (
        drawing(replace(overview, cells=(each, CELLS[12])), {}).cells[0].thumb
        for each in (CELLS[11], half)
    )

    assert part < whole


def test_the_lit_share_is_a_bar_of_that_share() -> None:
    overview = Cells().overview(everything(), 0, None)
    cells = (replace(CELLS[11], lit=1), replace(CELLS[12], lit=2), CELLS[13])

    drawn = drawing(replace(overview, cells=cells), {}, lighting=True)

    half, full, dark = (each.lit for each in drawn.cells)
    assert half
    assert full
    assert half.width == pytest.approx(full.width / 2)
    assert dark is None


def test_a_lasso_is_drawn_where_it_was_whatever_the_level() -> None:
    lasso = Lasso(0, ((0.0, 0.0), (2.0, 0.0), (2.0, 1.0)))
    coarse = Cells().overview(everything(), 0, None)
    fine = Cells().overview(everything(), 1, Window(2, 0, 16, 12))

    size = glyph.CELL
    assert drawing(coarse, {}, lasso).lasso == f"0.0,0.0 {2 * size},0.0 {2 * size},{size}"
    assert drawing(fine, {}, lasso).lasso.startswith(f"{-2 * size},0.0 {2 * size},0.0")


def test_the_overview_marks_selected_and_pinned_cells_even_of_other_levels() -> None:
    overview = Cells().overview(everything(), 1, None)

    drawn = drawing(overview, {"": CELLS[21], "A": CELLS[11]})

    selected, pinned = drawn.marks
    assert (selected.name, selected.size) == ("", 44.0)
    assert (pinned.name, pinned.size) == ("A", 92.0)


@given(
    contributions=some.lists(some.floats(-5, 5), min_size=1, max_size=16), base=some.floats(-2, 2)
)
def test_a_breakdown_lists_everything_that_counts_from_the_largest_down(
    contributions: list[float], base: float
) -> None:
    shares = [DimensionShare(i, "", abs(c), 1.0, c) for i, c in enumerate(contributions)]
    logit = base + sum(contributions)

    parts = breakdown(base, logit, shares, [])

    listed = [abs(entry.share.contribution) for entry in parts.dimensions]
    assert listed == sorted(listed, reverse=True)
    assert len(listed) + parts.silent == len(contributions)
    total = parts.base + sum(entry.share.contribution for entry in parts.dimensions)
    assert total == pytest.approx(parts.logit, abs=0.005 * 16)
