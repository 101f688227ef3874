from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from workbench.analysis.images.planted.kinds import KINDS
from workbench.analysis.images.planted.plant import plant
from workbench.analysis.images.planted.regions import SHAPES, region


def textured(height: int = 224, width: int = 224, seed: int = 0) -> np.ndarray:
    """Something like gravel: detail at every place, in mid-tones."""
    noise = np.random.default_rng(seed).standard_normal((height, width, 3))
    smooth = gaussian_filter(noise, sigma=(1.5, 1.5, 0))
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def steps(image: np.ndarray) -> np.ndarray:
    """From each pixel to the next, absolute."""
    return np.abs(np.diff(image.astype(float).mean(axis=2), axis=1))


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_changes_its_region_visibly_and_nothing_else(kind: str) -> None:
    image = textured()
    before = image.copy()
    shape = SHAPES[KINDS.index(kind) % len(SHAPES)]
    edited, mask = plant(image, kind, np.random.default_rng(1), region(shape, 0.1))
    assert edited.dtype == np.uint8
    assert edited.shape == image.shape
    assert np.array_equal(edited[mask == 0], image[mask == 0])
    change = np.abs(edited.astype(float) - image)
    assert change[mask == 1].mean() > 3.0
    assert 0.08 <= mask.mean() <= 0.12
    assert np.array_equal(image, before)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_any_size_can_be_edited(kind: str) -> None:
    image = textured(61, 94)
    edited, mask = plant(image, kind, np.random.default_rng(1), region("hard", 0.2))
    assert edited.shape == image.shape
    assert np.array_equal(edited[mask == 0], image[mask == 0])


@pytest.mark.parametrize("kind", KINDS)
def test_black_and_white_stay_in_range(kind: str) -> None:
    image = np.where(textured(112, 112) > 128, 255, 0).astype(np.uint8)
    edited, mask = plant(image, kind, np.random.default_rng(1), region("hard", 0.2))
    # A value that left the range would come back at its other end, far from where it was smoothed.
    unedited = mask == 0
    assert np.array_equal(edited[unedited], image[unedited])
    assert np.abs(edited.astype(float) - image)[mask == 1].mean() < 160.0


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_edit_and_another_seed_another(kind: str) -> None:
    image = textured(112, 112)
    (first, mask), (again, same_mask), (other, _) = (
        plant(image, kind, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert np.array_equal(mask, same_mask)
    assert not np.array_equal(first, other)


def test_blur_takes_detail_away_and_noise_adds_it() -> None:
    image = textured()
    blurred, inside_blur = plant(image, "blur", np.random.default_rng(3))
    noisy, inside_noise = plant(image, "sensor_noise", np.random.default_rng(3))
    within = (inside_blur == 1)[:, 1:]
    assert steps(blurred)[within].mean() < 0.7 * steps(image)[within].mean()
    within = (inside_noise == 1)[:, 1:]
    assert steps(noisy)[within].mean() > 1.2 * steps(image)[within].mean()


def test_a_colour_cast_shifts_toward_magenta() -> None:
    image = textured()
    edited, mask = plant(image, "colour_cast", np.random.default_rng(3))
    red, green, blue = (edited.astype(float) - image)[mask == 1].mean(axis=0)
    assert red > 10.0
    assert blue > 10.0
    assert green < -10.0


def test_a_checkerboard_repeats_every_four_pixels_both_ways() -> None:
    image = np.full((224, 224, 3), 128, np.uint8)
    edited, mask = plant(image, "checkerboard", np.random.default_rng(3))
    change = (edited.astype(float) - image).mean(axis=2)
    rows, columns = np.nonzero(mask == 1)
    inner = (slice(rows.mean().astype(int) - 16, rows.mean().astype(int) + 16),)
    inner += (slice(columns.mean().astype(int) - 16, columns.mean().astype(int) + 16),)
    assert np.array_equal(change[inner], np.roll(change[inner], 4, axis=0))
    assert np.array_equal(change[inner], -np.roll(change[inner], 2, axis=1))


def test_a_mode_filter_makes_flat_patches_of_colours_that_were_there() -> None:
    image = textured()
    edited, mask = plant(image, "mode_filter", np.random.default_rng(3))
    within = (mask == 1)[:, 1:] & (mask == 1)[:, :-1]
    assert (steps(edited)[within] == 0).mean() > 0.5
    assert (steps(image)[within] == 0).mean() < 0.1


def test_a_blur_is_put_where_there_is_something_to_blur() -> None:
    image = np.full((224, 224, 3), 100, np.uint8)
    image[:, 112:] = textured(width=112)
    for seed in range(5):
        _, mask = plant(image, "blur", np.random.default_rng(seed))
        assert mask[:, 112:].sum() > 0.6 * mask.sum()


def test_jpeg_blocks_are_of_eight_pixels() -> None:
    image = textured()
    edited, mask = plant(image, "jpeg_blocks", np.random.default_rng(3), region("hard", 0.25))
    both = (mask == 1)[:, 1:] & (mask == 1)[:, :-1]
    at_border = np.zeros_like(both)
    at_border[:, 7::8] = True
    step = steps(edited)
    assert step[both & at_border].mean() > 1.2 * step[both & ~at_border].mean()


def test_a_mirrored_region_repeats_what_lies_beside_it() -> None:
    image = textured()
    edited, mask = plant(image, "mirroring", np.random.default_rng(3), region("hard", 0.1))
    columns = np.flatnonzero((mask == 1).any(axis=0))
    axes = (2 * columns[0] - 1, 2 * columns[-1] + 1)
    rows, at = np.nonzero(mask == 1)
    fits = [(axis - at >= 0) & (axis - at < image.shape[1]) for axis in axes]
    alike = [
        np.corrcoef(edited[rows[fit], at[fit], 1], image[rows[fit], axis - at[fit], 1])[0, 1]
        for axis, fit in zip(axes, fits, strict=True)
    ]
    assert max(alike) > 0.9


def test_a_tiled_region_repeats_itself() -> None:
    edited, mask = plant(textured(), "tiling", np.random.default_rng(3), region("hard", 0.25))
    inside = (mask == 1)[:, 18:] & (mask == 1)[:, :-18]
    first, second = edited[:, :-18][inside], edited[:, 18:][inside]
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.8


def test_what_is_missing_leaves_a_smooth_place() -> None:
    image = textured()
    edited, mask = plant(image, "missing_structure", np.random.default_rng(3))
    within = (mask == 1)[:, 1:] & (mask == 1)[:, :-1]
    assert steps(edited)[within].mean() < 0.5 * steps(image)[within].mean()


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="got 'sepia'"):
        plant(textured(), "sepia", np.random.default_rng(0))
