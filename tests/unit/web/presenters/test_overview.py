"""The overview's drawing: cells, marks, the lasso."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.web.fakes.data import CARDS, CELLS
from tests.web.fakes.explore import Cells, FakeChosen
from workbench.services.explore.cells import Window
from workbench.services.explore.filters import Selection
from workbench.services.explore.lasso import Lasso
from workbench.web.presenters import glyph
from workbench.web.presenters.overview import Sentences, drawing


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

    drawn = drawing(replace(overview, cells=cells, lighting=True), {})

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


def test_a_finer_level_is_shown_where_cells_are() -> None:
    """Two clusters far apart: nothing lies in the middle of the layout."""
    apart = (replace(CELLS[11], column=2, row=1), replace(CELLS[12], column=14, row=11))
    overview = replace(Cells().overview(everything(), 0, None), cells=apart)

    drawn = drawing(overview, {})

    assert drawn.steps.finer == drawn.levels[1]
    # Around the cell at (2, 1), as near as the edge allows: here it is at (4, 2).
    assert (drawn.levels[1].column, drawn.levels[1].row) == (0, 0)


def test_a_finer_level_is_shown_in_the_middle_where_a_cell_is_near_it() -> None:
    near = (replace(CELLS[11], column=2, row=1), replace(CELLS[12], column=9, row=7))
    overview = replace(Cells().overview(everything(), 0, None), cells=near)

    drawn = drawing(overview, {})

    assert (drawn.levels[1].column, drawn.levels[1].row) == (8, 6)
