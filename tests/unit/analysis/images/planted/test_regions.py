from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from workbench.analysis.images.planted.regions import (
    AREAS,
    SHAPES,
    draw_area,
    region,
    soft_ellipse,
)

SEEDS = st.integers(0, 2**32)
SIDES = st.integers(60, 240)


@given(seed=SEEDS, height=SIDES, width=SIDES)
@settings(max_examples=60)
def test_a_soft_ellipse_covers_15_to_25_percent_of_any_image(
    seed: int, height: int, width: int
) -> None:
    mask = soft_ellipse(height, width, np.random.default_rng(seed))
    assert mask.shape == (height, width)
    assert 0.15 <= mask.mean() <= 0.25


@given(seed=SEEDS)
@settings(max_examples=60)
def test_a_soft_ellipse_lies_inside_and_its_edge_is_soft(seed: int) -> None:
    mask = soft_ellipse(224, 224, np.random.default_rng(seed))
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    assert border.max() < 0.01
    assert mask.min() == 0.0
    assert mask.max() == 1.0
    assert max(np.abs(np.diff(mask, axis=axis)).max() for axis in (0, 1)) < 0.12


@pytest.mark.parametrize("shape", SHAPES)
@given(seed=SEEDS, height=SIDES, width=SIDES, area=st.floats(*AREAS))
@settings(max_examples=40, deadline=None)
def test_a_region_covers_the_area_that_was_asked_for(
    shape: str, seed: int, height: int, width: int, area: float
) -> None:
    mask = region(shape, area)(height, width, np.random.default_rng(seed))
    assert mask.shape == (height, width)
    assert mask.min() >= 0.0
    assert mask.max() <= 1.0
    assert 0.9 * area <= mask.mean() <= 1.1 * area + 0.01


@pytest.mark.parametrize("shape", ["hard", "thin", "scattered"])
def test_only_soft_regions_have_pixels_that_are_edited_in_part(shape: str) -> None:
    for seed in range(10):
        mask = region(shape, 0.12)(224, 224, np.random.default_rng(seed))
        assert set(np.unique(mask)) == {0.0, 1.0}
    soft = region("soft", 0.12)(224, 224, np.random.default_rng(0))
    assert ((soft > 0.0) & (soft < 1.0)).any()


def test_a_hard_region_is_in_one_piece_and_a_scattered_one_in_several() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert label(region("hard", 0.1)(224, 224, rng))[1] == 1
        assert label(region("scattered", 0.1)(224, 224, rng))[1] >= 2


def test_a_thin_region_has_more_border_than_a_compact_one_of_its_area() -> None:
    def border(mask: np.ndarray) -> float:
        return sum(float(np.abs(np.diff(mask, axis=axis)).sum()) for axis in (0, 1))

    for seed in range(20):
        thin, hard = (
            region(shape, 0.12)(224, 224, np.random.default_rng(seed)) for shape in ("thin", "hard")
        )
        assert border(thin) > 1.3 * border(hard)


def test_drawn_areas_span_the_limits_and_small_ones_are_not_rare() -> None:
    rng = np.random.default_rng(0)
    areas = np.array([draw_area(rng) for _ in range(2000)])
    assert areas.min() >= AREAS[0]
    assert areas.max() <= AREAS[1]
    assert 0.2 < (areas < 0.06).mean() < 0.4
    assert 0.2 < (areas > 0.15).mean() < 0.5


def test_an_unknown_shape_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="got 'star'"):
        region("star", 0.1)
