from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from workbench.analysis.images.planted import KINDS, plant, soft_region


def textured(height: int = 224, width: int = 224, seed: int = 0) -> np.ndarray:
    """Something like gravel: detail at every place, in mid-tones."""
    noise = np.random.default_rng(seed).standard_normal((height, width, 3))
    smooth = gaussian_filter(noise, sigma=(1.5, 1.5, 0))
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def steps(image: np.ndarray) -> np.ndarray:
    """From each pixel to the next, absolute."""
    return np.abs(np.diff(image.astype(float).mean(axis=2), axis=1))


@given(seed=st.integers(0, 2**32), height=st.integers(60, 240), width=st.integers(60, 240))
@settings(max_examples=60)
def test_a_region_covers_15_to_25_percent_of_any_image(seed: int, height: int, width: int) -> None:
    mask = soft_region(height, width, np.random.default_rng(seed))
    assert mask.shape == (height, width)
    assert 0.15 <= mask.mean() <= 0.25


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_a_region_lies_inside_and_its_edge_is_soft(seed: int) -> None:
    mask = soft_region(224, 224, np.random.default_rng(seed))
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    assert border.max() < 0.01
    assert mask.min() == 0.0
    assert mask.max() == 1.0
    assert max(np.abs(np.diff(mask, axis=axis)).max() for axis in (0, 1)) < 0.12


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_changes_its_region_and_nothing_else(kind: str) -> None:
    image = textured()
    edited, mask = plant(image, kind, np.random.default_rng(1))
    assert edited.dtype == np.uint8
    assert np.array_equal(edited[mask == 0], image[mask == 0])
    change = np.abs(edited.astype(float) - image)
    assert change[mask == 1].mean() > 4.0
    assert 0.15 <= mask.mean() <= 0.25


@pytest.mark.parametrize("kind", KINDS)
def test_the_callers_image_stays_as_it_is(kind: str) -> None:
    image = textured()
    before = image.copy()
    plant(image, kind, np.random.default_rng(1))
    assert np.array_equal(image, before)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_edit_and_another_seed_another(kind: str) -> None:
    image = textured()
    first, again, other = (plant(image, kind, np.random.default_rng(s))[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
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


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="got 'sepia'"):
        plant(textured(), "sepia", np.random.default_rng(0))
