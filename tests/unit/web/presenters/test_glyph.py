"""The cell glyph's geometry."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.store.outcomes import OUTCOMES
from workbench.web.presenters import glyph


@dataclass(frozen=True)
class Counts:
    real_right: int = 0
    real_called_fake: int = 0
    fake_right: int = 0
    fake_called_real: int = 0
    unlabelled_called_real: int = 0
    unlabelled_called_fake: int = 0

    @property
    def total(self) -> int:
        labelled = self.real_right + self.real_called_fake + self.fake_right + self.fake_called_real
        return labelled + self.unlabelled_called_real + self.unlabelled_called_fake


numbers = some.integers(0, 100_000)
counts = some.builds(Counts, numbers, numbers, numbers, numbers).filter(lambda each: each.total > 0)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_single_image_is_framed_by_its_outcome_and_thicker_where_it_is_wrong(
    outcome: str,
) -> None:
    (frame,) = glyph.edges(Counts(**{outcome: 1}))

    assert frame.outcome == outcome
    assert frame.width == (glyph.THICK if frame.wrong else glyph.THIN)
    left, top = (float(each) for each in re.findall(r"-?[0-9.]+", frame.path)[:2])
    # Around the picture, and within the ground.
    assert left == top
    assert glyph.THUMBNAIL / 2 <= -left <= (glyph.GROUND - frame.width) / 2


def test_a_single_image_that_passes_no_filter_has_no_frame() -> None:
    assert glyph.edges(Counts()) == ()


@given(cell=counts)
def test_the_arcs_together_are_the_whole_circle(cell: Counts) -> None:
    drawn = glyph.arcs(cell, 12.0)

    assert sum(arc.sweep for arc in drawn) == pytest.approx(math.tau)


@given(cell=counts)
def test_every_arc_is_its_outcome_s_share_and_starts_where_the_last_one_ends(cell: Counts) -> None:
    end = 0.0
    for arc in glyph.arcs(cell, 12.0):
        assert arc.start == pytest.approx(end)
        assert arc.sweep == pytest.approx(math.tau * getattr(cell, arc.outcome) / cell.total)
        end = arc.start + arc.sweep


@given(cell=counts)
def test_the_order_of_the_outcomes_is_fixed_and_empty_ones_are_left_out(cell: Counts) -> None:
    drawn = [arc.outcome for arc in glyph.arcs(cell, 12.0)]

    assert drawn == [each for each in OUTCOMES if getattr(cell, each)]


@given(cell=counts)
def test_wrong_arcs_are_thicker(cell: Counts) -> None:
    for arc in glyph.arcs(cell, 12.0):
        assert arc.wrong == (arc.width == glyph.THICK)


@given(cell=counts, radius=some.floats(glyph.SMALLEST_RADIUS, glyph.LARGEST_RADIUS))
def test_what_is_drawn_stays_on_the_ring(cell: Counts, radius: float) -> None:
    for arc in glyph.arcs(cell, radius):
        ends = re.findall(r"(?:M|1 )(-?[\d.]+) (-?[\d.]+)(?=A|$)", arc.path)
        assert len(ends) >= 2
        for x, y in ends:
            assert math.hypot(float(x), float(y)) == pytest.approx(radius, abs=0.02)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_single_outcome_is_a_full_ring(outcome: str) -> None:
    (arc,) = glyph.arcs(Counts(**{outcome: 7}), 12.0)

    assert arc.sweep == pytest.approx(math.tau)
    assert arc.path.count("A") == 2, "an arc from a point to itself would not be drawn"


def test_half_real_and_half_fake_meet_at_the_top_and_at_the_bottom() -> None:
    real, fake = glyph.arcs(Counts(real_right=5, fake_right=5), 10.0)

    assert (real.start, fake.start) == (0.0, pytest.approx(math.pi))
    x, y = (float(each) for each in re.findall(r"-?[\d.]+", real.path)[:2])
    assert x > 0, "the real half starts just right of twelve o'clock"
    assert y < -9


def test_one_image_among_very_many_is_still_a_visible_dot() -> None:
    tiny = glyph.arcs(Counts(real_right=99_999, fake_called_real=1), 12.0)[-1]

    start, end = re.findall(r"(-?[\d.]+) (-?[\d.]+)(?=A|$)", tiny.path)
    assert start != end or tiny.sweep < 0.001


def test_an_empty_cell_has_no_arcs() -> None:
    assert glyph.arcs(Counts(), 12.0) == ()


@given(few=some.integers(0, 10_000), more=some.integers(0, 10_000), beyond=some.integers(0, 1000))
def test_the_radius_grows_with_the_images_and_stays_bounded(
    few: int, more: int, beyond: int
) -> None:
    few, more = sorted((few, more))
    largest = more + beyond
    small, large = glyph.ring_radius(few, largest), glyph.ring_radius(more, largest)

    assert glyph.SMALLEST_RADIUS <= small <= large <= glyph.LARGEST_RADIUS + 1e-9


def test_the_radius_grows_with_the_logarithm() -> None:
    steps = [glyph.ring_radius(10**power - 1, 10**6 - 1) for power in range(7)]

    differences = [b - a for a, b in pairwise(steps)]
    assert differences == pytest.approx([differences[0]] * 6)
    assert glyph.ring_radius(5, 5) == pytest.approx(glyph.LARGEST_RADIUS)


@given(radius=some.floats(glyph.SMALLEST_RADIUS, glyph.LARGEST_RADIUS))
def test_the_exemplar_is_clear_of_the_ring_and_the_ring_of_the_edge(radius: float) -> None:
    assert 0 < glyph.thumb_radius(radius) < radius - glyph.THICK / 2
    assert radius + glyph.THICK / 2 < glyph.GROUND / 2


@given(share=some.floats(allow_nan=True, allow_infinity=True))
def test_the_sensitivity_bar_stays_on_the_ground(share: float) -> None:
    bar = glyph.sensitivity_bar(share)

    assert 0.0 <= bar.width <= glyph.BAR_REACH
    assert bar.x >= -glyph.BAR_REACH
    assert bar.x + bar.width <= glyph.BAR_REACH
    assert bar.y + bar.height < glyph.GROUND / 2
    # Clear of the largest ring.
    assert bar.y >= glyph.LARGEST_RADIUS + glyph.THICK / 2 - 0.5


@given(share=some.floats(-2, 2))
def test_the_sensitivity_bar_begins_in_the_middle_and_points_to_its_side(share: float) -> None:
    bar = glyph.sensitivity_bar(share)
    other = glyph.sensitivity_bar(-share)

    assert bar.width == other.width == pytest.approx(glyph.BAR_REACH * min(1, abs(share)))
    assert bar.x == (0 if share >= 0 else -bar.width)


def test_cells_stand_beside_one_another() -> None:
    assert glyph.centre(0, 0) == (24.0, 24.0)
    assert glyph.centre(3, 1) == (3 * glyph.CELL + 24.0, glyph.CELL + 24.0)
