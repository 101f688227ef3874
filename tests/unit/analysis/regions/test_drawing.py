"""What people draw is filled as its definition says, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from workbench.analysis.regions.drawing import (
    Cells,
    DrawnMask,
    Outline,
    Square,
    Step,
    Stroke,
    draw,
    rows_followed,
    share_of_cells,
)
from workbench.analysis.regions.masks import bounding_box, decoded, run_lengths

WIDTH, HEIGHT = 23, 17
Mask = NDArray[np.bool_]

coordinates = st.floats(-6, 29, width=32).map(lambda value: round(value * 8) / 8 + 1 / 64)
points = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9)
"""Never exactly through a centre, which may be counted to either side."""


def whole(drawn: DrawnMask | None, width: int = WIDTH, height: int = HEIGHT) -> Mask:
    """A mask on the whole picture."""
    mask = np.zeros((height, width), np.bool_)
    if drawn is not None:
        rows, columns = drawn.pixels.shape
        mask[drawn.top : drawn.top + rows, drawn.left : drawn.left + columns] = drawn.pixels
    return mask


def by_definition(step: Step) -> Mask:
    """Each pixel asked for itself."""
    inside = {Outline: in_outline, Stroke: in_stroke, Cells: in_cells}[type(step)]
    return np.array(
        [[inside(step, x + 0.5, y + 0.5) for x in range(WIDTH)] for y in range(HEIGHT)], np.bool_
    )


def in_outline(step: Any, x: float, y: float) -> bool:
    """The winding number, by the angles under which the edges are seen."""
    seen = np.append(step.points, step.points[:1], axis=0) - (x, y)
    angles = np.unwrap(np.arctan2(seen[:, 1], seen[:, 0]))
    return bool(abs(angles[-1] - angles[0]) > np.pi)


def in_stroke(step: Any, x: float, y: float) -> bool:
    def distance(a: Any, b: Any) -> float:
        along = b - a
        share = np.clip((np.array([x, y]) - a) @ along / max(along @ along, 1e-12), 0, 1)
        return float(np.hypot(*(a + share * along - (x, y))))

    ends = zip(step.points, step.points[1:] if len(step.points) > 1 else step.points, strict=False)
    return min(distance(a, b) for a, b in ends) <= step.radius


def in_cells(step: Any, x: float, y: float) -> bool:
    square = step.square
    column, row = (
        int(np.floor((at - start) * square.size / square.side))
        for at, start in ((x, square.left), (y, square.top))
    )
    within = 0 <= column < square.size and 0 <= row < square.size
    return bool(within and step.mask[row, column])


@given(points)
def test_an_outline_holds_the_pixels_that_it_goes_around(some: list[tuple[float, float]]) -> None:
    step = Outline(np.array(some))
    seen = np.array(some)
    # A centre on an edge belongs to either side.
    if len(np.unique(seen, axis=0)) < 3:
        return
    near = near_an_edge(seen)

    found = whole(draw([step], WIDTH, HEIGHT))

    assert (found == by_definition(step))[~near].all()


def near_an_edge(corners: NDArray[np.float64]) -> Mask:
    closed = np.append(corners, corners[:1], axis=0)
    return by_definition(Stroke(closed, 1e-9))


@given(points, st.floats(0.3, 9))
def test_a_stroke_holds_the_pixels_within_its_radius(
    some: list[tuple[float, float]], radius: float
) -> None:
    step = Stroke(np.array(some), radius)
    either = by_definition(Stroke(step.points, radius - 1e-6)) != by_definition(
        Stroke(step.points, radius + 1e-6)
    )

    found = whole(draw([step], WIDTH, HEIGHT))

    assert (found == by_definition(step))[~either].all()


def test_a_stroke_of_one_point_is_a_disc() -> None:
    step = Stroke(np.array([[10.0, 8.0]]), 4.2)

    assert (whole(draw([step], WIDTH, HEIGHT)) == by_definition(step)).all()


@given(arrays(np.bool_, (5, 5)), st.integers(-4, 12), st.integers(-4, 9), st.integers(1, 20))
def test_cells_hold_the_pixels_whose_centre_lies_in_them(
    mask: Mask, left: int, top: int, side: int
) -> None:
    step = Cells(mask, Square(left, top, side, 5))

    assert (whole(draw([step], WIDTH, HEIGHT)) == by_definition(step)).all()


@given(
    st.lists(
        st.builds(
            Stroke,
            points.map(np.array),
            st.floats(0.5, 5),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_steps_add_and_erase_in_their_order(steps: list[Stroke]) -> None:
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    for each in steps:
        alone = whole(draw([Stroke(each.points, each.radius)], WIDTH, HEIGHT))
        expected = expected & ~alone if each.erase else expected | alone

    drawn = draw(steps, WIDTH, HEIGHT)

    assert (whole(drawn) == expected).all()
    assert (drawn is None) == (not expected.any())
    if drawn is not None:  # within its bounding box
        assert drawn.pixels[0].any()
        assert drawn.pixels[-1].any()
        assert drawn.pixels[:, 0].any()
        assert drawn.pixels[:, -1].any()


def test_a_lasso_that_crosses_itself_has_no_hole() -> None:
    """A star of five corners, whose middle is gone around twice."""
    angles = np.arange(5) * 4 * np.pi / 5
    star = np.stack([50 + 40 * np.sin(angles), 50 - 40 * np.cos(angles)], axis=1)

    drawn = draw([Outline(star)], 100, 100)

    assert whole(drawn, 100, 100)[50, 50]


def test_a_figure_of_eight_has_both_of_its_loops() -> None:
    eight = np.array([[10.0, 10], [90, 90], [90, 10], [10, 90]])

    found = whole(draw([Outline(eight)], 100, 100), 100, 100)

    assert found[50, 20]
    assert found[50, 80]


def test_what_lies_outside_of_the_picture_is_cut_off() -> None:
    corners = np.array([[-50.0, -50], [5, -50], [5, 4], [-50, 4]])

    drawn = draw([Outline(corners)], WIDTH, HEIGHT)

    assert drawn is not None
    assert (drawn.left, drawn.top, drawn.pixels.shape) == (0, 0, (4, 5))
    assert draw([Outline(corners - 60)], WIDTH, HEIGHT) is None


@given(
    arrays(np.bool_, (9, 14)),
    st.integers(-3, 3),
    st.integers(-3, 3),
    st.integers(3, 16),
    st.integers(1, 7),
)
def test_the_share_of_a_cell_is_that_of_its_area(
    mask: Mask, left: int, top: int, side: int, size: int
) -> None:
    fine = 60
    scale = fine // size * size
    drawn = DrawnMask(3, 2, mask)
    picture = np.pad(mask, ((12, 30), (13, 30)))  # 10 pixels around the picture
    # Each cell by samples, at `scale` a side of the square.
    at = (np.arange(scale) + 0.5) * side / scale
    sampled = picture[np.ix_((top + at + 10).astype(int), (left + at + 10).astype(int))]
    expected = sampled.reshape(size, scale // size, size, scale // size).mean(axis=(1, 3))

    found = share_of_cells(drawn, Square(left, top, side, size))

    assert found.shape == (size, size)
    assert np.abs(found - expected).max() < 0.2
    assert found.min() > -1e-9
    assert found.max() < 1 + 1e-9
    # All together nothing is lost.
    inside = picture[top + 10 : top + 10 + side, left + 10 : left + 10 + side].sum()
    assert found.sum() * (side / size) ** 2 == pytest.approx(inside)


@given(arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_run_lengths_keep_every_pixel(mask: Mask) -> None:
    rle = run_lengths(mask)

    assert (decoded(rle, *mask.shape) == mask).all()
    rows, columns = np.nonzero(mask)
    if len(rows):
        left, top, width, height = bounding_box(rle, *mask.shape)
        assert (left, top) == (columns.min(), rows.min())
        assert (left + width, top + height) == (columns.max() + 1, rows.max() + 1)


@settings(max_examples=5)
@given(st.integers(0, 2**31))
def test_bands_do_not_show(seed: int) -> None:
    """A picture that is filled in several parts is filled as one."""
    corners = np.random.default_rng(seed).uniform(0, 3000, (12, 2))

    drawn = draw([Outline(corners)], 3000, 3000)

    mask = whole(drawn, 3000, 3000)
    at = np.random.default_rng(seed + 1).integers(0, 3000, (60, 2))
    for x, y in at:
        assert mask[y, x] == in_outline(Outline(corners), x + 0.5, y + 0.5)


def test_the_rows_that_are_followed_are_counted() -> None:
    line = np.array([[0.0, 0], [100, 10], [50, 40]])

    # There and back, and a row more for each edge.
    assert rows_followed([Outline(line)]) == 40 + 40 + 3
    assert rows_followed([Stroke(line, 5.0)]) == 40 + 40 + 3 * 11
    assert rows_followed([Cells(np.ones((5, 5), np.bool_), Square(0, 0, 10, 5))]) == 0
