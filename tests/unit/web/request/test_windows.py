"""Windows of the layout, and the steps between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from workbench.web.request import windows


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

    finer = windows.around(whole.level, whole.middle, 1, 16, 12)

    assert finer == windows.LevelWindow(1, 8, 6, 16, 12)
    assert finer.middle == (16.0, 12.0)


@given(level=some.integers(0, 3), x=some.floats(0, 128), y=some.floats(0, 96))
def test_zooming_in_and_out_again_returns_to_the_same_place(level: int, x: float, y: float) -> None:
    columns, rows = 16 << level, 12 << level
    place = windows.window_around(level, (x, y), columns, rows)

    finer = windows.around(place.level, place.middle, level + 1, columns, rows)
    back = windows.around(finer.level, finer.middle, level, columns * 2, rows * 2)

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
