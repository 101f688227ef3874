"""Counterfactual edits change their region and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from workbench.analysis.regions.counterfactual import (
    FILLS,
    dimension_changes,
    movement,
    other_dimensions,
    paired_effect,
    prediction_interval,
    random_regions,
    remove_region,
    with_controls,
)

SIZE = 64


def spotted() -> tuple[np.ndarray, np.ndarray]:
    """A smooth ramp with a red square on it, and the square's mask."""
    ramp = np.linspace(60, 180, SIZE, dtype=np.uint8)
    pixels = np.repeat(np.tile(ramp, (SIZE, 1))[..., None], 3, axis=2)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[20:36, 24:40] = 1
    pixels[mask > 0] = (255, 0, 0)
    return pixels, mask


@pytest.mark.parametrize("fill", FILLS)
def test_an_edit_leaves_what_is_away_from_the_region(fill: str) -> None:
    pixels, mask = spotted()

    edited = remove_region(pixels, mask, fill)  # type: ignore[arg-type]  # of FILLS

    away = np.ones((SIZE, SIZE), bool)
    away[17:39, 21:43] = False
    np.testing.assert_array_equal(edited[away], pixels[away])
    assert (edited[mask > 0] != pixels[mask > 0]).any()


@pytest.mark.parametrize("fill", FILLS)
def test_a_mask_of_a_smaller_copy_removes_the_same_region(fill: str) -> None:
    pixels, mask = spotted()
    larger = np.kron(pixels, np.ones((8, 8, 1), np.uint8))

    edited = remove_region(larger, mask, fill)  # type: ignore[arg-type]  # of FILLS

    away = np.ones((8 * SIZE, 8 * SIZE), bool)
    away[8 * 18 : 8 * 38, 8 * 22 : 8 * 42] = False
    np.testing.assert_array_equal(edited[away], larger[away])
    inside = edited[8 * 24 : 8 * 32, 8 * 28 : 8 * 36].astype(int)
    assert fill == "blur" or (inside[..., 0] - inside[..., 1]).mean() < 60, "no longer red"


def test_inpainting_continues_the_surroundings() -> None:
    pixels, mask = spotted()

    edited = remove_region(pixels, mask, "inpaint").astype(int)

    assert abs(edited[28, 32, 0] - edited[28, 32, 1]) < 20
    assert abs(edited[28, 32, 0] - pixels[10, 32, 0]) < 30


def test_an_edit_leaves_the_callers_image_alone() -> None:
    pixels, mask = spotted()
    before = pixels.copy()

    for fill in FILLS:
        remove_region(pixels, mask, fill)  # type: ignore[arg-type]  # of FILLS

    np.testing.assert_array_equal(pixels, before)


def test_a_region_that_covers_everything_becomes_the_mean_colour() -> None:
    pixels, _mask = spotted()

    edited = remove_region(pixels, np.ones((SIZE, SIZE), np.uint8), "inpaint")

    assert np.ptp(edited.reshape(-1, 3), axis=0).max() == 0


def test_control_regions_have_the_same_area_elsewhere() -> None:
    _pixels, mask = spotted()

    regions = random_regions(mask, 10, seed=0)

    assert [region.sum() for region in regions] == [mask.sum()] * 10
    assert all((region & mask).sum() < 0.2 * mask.sum() for region in regions)
    assert len({region.tobytes() for region in regions}) > 5


def test_the_same_seed_gives_the_same_control_regions() -> None:
    _pixels, mask = spotted()

    first, second = (np.stack(random_regions(mask, 3, seed=7)) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_an_image_comes_edited_and_beside_it_its_controls() -> None:
    pixels, mask = spotted()

    edited = with_controls(pixels, mask, "mean", controls=3, seed=7)

    wanted = [mask, *random_regions(mask, 3, seed=7)]
    assert len(edited) == 4
    for picture, region in zip(edited, wanted, strict=True):
        np.testing.assert_array_equal(picture, remove_region(pixels, region, "mean"))


def test_an_effect_is_the_mean_of_each_images_own_difference_with_students_interval() -> None:
    generator = np.random.default_rng(0)
    removed, controls = generator.normal(size=9), generator.normal(size=(9, 3))

    found = paired_effect(removed, controls)

    beyond = [one - np.mean(own) for one, own in zip(removed, controls, strict=True)]
    interval = ttest_1samp(beyond, 0).confidence_interval(0.95)
    assert found.value == pytest.approx(np.mean(beyond))
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert found.control == pytest.approx(controls.mean())
    assert found.images == 9


def test_what_moves_every_image_alike_is_no_effect() -> None:
    shift = np.array([1.4, 0.2, 2.0])

    found = paired_effect(shift - 0.5, np.stack([shift, shift], axis=1))

    assert found.value == pytest.approx(-0.5)
    assert found.low == pytest.approx(-0.5)


def test_one_image_has_an_effect_without_an_interval_and_none_has_none() -> None:
    found = paired_effect(np.array([1.0]), np.array([[0.5]]))

    assert (found.value, found.low, found.high) == (0.5, None, None)
    with pytest.raises(ValueError, match="at least one image"):
        paired_effect(np.empty(0), np.empty((0, 2)))


def test_a_clone_brings_texture_of_the_image_and_nothing_of_what_was_removed() -> None:
    generator = np.random.default_rng(0)
    grain = generator.integers(100, 140, (SIZE, SIZE, 3)).astype(np.uint8)
    pixels, mask = grain.copy(), spotted()[1]
    pixels[mask > 0] = (255, 0, 0)

    cloned, inpainted = (remove_region(pixels, mask, fill) for fill in ("clone", "inpaint"))

    inside = np.zeros((SIZE, SIZE), bool)
    inside[26:30, 30:34] = True
    assert cloned[mask > 0][:, 0].max() < 200
    assert cloned[inside].std() > 0.5 * grain.std()
    assert inpainted[inside].std() < 0.5 * grain.std()


def test_a_clone_keeps_the_gradient_of_its_texture_and_meets_the_rim_without_a_step() -> None:
    down, across = np.mgrid[:SIZE, :SIZE].astype(np.float64)
    # A slope from left to right, with stripes from top to bottom.
    slope = 60 + 2 * across + 10 * np.sin(down)
    pixels = np.repeat(slope[..., None], 3, axis=2).round().astype(np.uint8)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[20:44, 20:44] = 1

    cloned = remove_region(pixels, mask, "clone").astype(np.float64)[..., 0]

    stripes = np.diff(cloned[26:38, 26:38], axis=0)
    assert np.abs(stripes).max() > 5
    rim = np.abs(np.diff(cloned[32, 14:24]))
    assert rim.max() < 8
    assert np.abs(cloned[24:40, 24:40].mean() - pixels[24:40, 24:40].mean()) < 10


@pytest.mark.parametrize("fill", FILLS)
def test_regions_at_the_border_and_in_several_parts_are_removed_too(fill: str) -> None:
    pixels, _mask = spotted()
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[:20, :] = 1
    mask[40:, 50:] = 1
    before = pixels.copy()

    edited = remove_region(pixels, mask, fill)  # type: ignore[arg-type]  # of FILLS

    np.testing.assert_array_equal(edited[25:35, :], pixels[25:35, :])
    assert (edited[0] != pixels[0]).any()
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("fill", FILLS)
def test_where_nothing_is_to_be_removed_nothing_is(fill: str) -> None:
    pixels, mask = spotted()

    edited = remove_region(pixels, np.zeros_like(mask), fill)  # type: ignore[arg-type]  # of FILLS

    np.testing.assert_array_equal(edited, pixels)


def test_the_same_region_is_filled_the_same_way() -> None:
    pixels, mask = spotted()

    first, second = (remove_region(pixels, mask, "clone") for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_an_eleventh_control_is_taken_for_evidence_in_one_case_of_twenty() -> None:
    generator = np.random.default_rng(0)
    outside = []
    for change, *controls in generator.normal(size=(4000, 11)):
        low, high = prediction_interval(np.array(controls)) or (np.nan, np.nan)
        outside.append(not low <= change <= high)

    assert np.mean(outside) == pytest.approx(0.05, abs=0.012)


def test_two_controls_are_too_few_to_tell() -> None:
    assert prediction_interval(np.array([0.0, 0.1])) is None
    assert prediction_interval(np.empty(0)) is None


def test_a_dimension_set_otherwise_changes_the_logit_by_its_own_part() -> None:
    generator = np.random.default_rng(0)
    z, w, reference = generator.normal(size=(3, 6))

    changes = dimension_changes(z, w, reference)

    for k in range(6):
        edited = z.copy()
        edited[k] = reference[k]
        assert changes[k] == pytest.approx(edited @ w - z @ w)


def test_the_controls_of_a_dimension_are_others_that_the_edit_moves() -> None:
    activation = np.array([0.0, 2.0, 1.0, 0.0, 3.0, 1.0])

    drawn = other_dimensions(1, activation, np.zeros(6), 10)

    np.testing.assert_array_equal(drawn, [2, 4, 5])
    few = other_dimensions(1, activation, np.zeros(6), 2)
    assert set(few) < {2, 4, 5}
    assert len(few) == 2
    np.testing.assert_array_equal(few, other_dimensions(1, activation, np.zeros(6), 2))
    assert len(other_dimensions(0, np.zeros(6), np.zeros(6), 10)) == 0


@pytest.mark.parametrize(
    ("change", "interval", "moved"),
    [
        (0.3, (-0.3, 0.3), "stay"),
        (-0.3, (-0.3, 0.3), "stay"),
        (np.nextafter(0.3, 1), (-0.3, 0.3), "rise"),
        (np.nextafter(-0.3, -1), (-0.3, 0.3), "fall"),
        (-1.5, (-2.0, -1.0), "stay"),
        (-0.5, (-2.0, -1.0), "less"),
        (0.5, (-2.0, -1.0), "rise"),
        (0.0, (0.1, 0.2), "less"),
        (0.05, (0.1, 0.2), "less"),
        (-0.05, (0.1, 0.2), "fall"),
        (0.0, (0.0, 0.0), "stay"),
    ],
)
def test_an_edit_moves_p_only_beyond_its_controls(
    change: float, interval: tuple[float, float], moved: str
) -> None:
    assert movement(change, interval) == moved
