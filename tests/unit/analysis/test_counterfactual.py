"""Counterfactual edits change their region and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis.counterfactual import FILLS, random_regions, remove_region

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

    edited = remove_region(pixels, mask, fill)  # type: ignore[arg-type]

    away = np.ones((SIZE, SIZE), bool)
    away[17:39, 21:43] = False
    np.testing.assert_array_equal(edited[away], pixels[away])
    assert (edited[mask > 0] != pixels[mask > 0]).any()


def test_inpainting_continues_the_surroundings() -> None:
    pixels, mask = spotted()

    edited = remove_region(pixels, mask, "inpaint").astype(int)

    assert abs(edited[28, 32, 0] - edited[28, 32, 1]) < 20
    assert abs(edited[28, 32, 0] - pixels[10, 32, 0]) < 30


def test_an_edit_leaves_the_callers_image_alone() -> None:
    pixels, mask = spotted()
    before = pixels.copy()

    for fill in FILLS:
        remove_region(pixels, mask, fill)  # type: ignore[arg-type]

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
