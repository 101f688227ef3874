"""Contributions as grey levels, and the ramp that colours them, for eyes of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from workbench.analysis import heatmap
from workbench.analysis.heatmap import RAMP, STEPS, ZERO

LEVELS = np.arange(ZERO - STEPS, ZERO + STEPS + 1)

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
COLOUR_VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def in_logits(levels: NDArray[np.uint8], scale: float) -> NDArray[np.float32]:
    return ((levels.astype(np.float32) - ZERO) / STEPS * scale).astype(np.float32)


def linear(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light of sRGB values in [0, 1]."""
    light: NDArray[np.float64] = np.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    )
    return light


def encoded(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB values of linear light; the way back."""
    light = np.clip(light, 0.0, 1.0)
    rgb: NDArray[np.float64] = np.where(
        light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055
    )
    return rgb


def over(ground: float) -> NDArray[np.float64]:
    """The ramp from -scale to +scale laid over a grey, as a browser does: sRGB in [0, 1]."""
    colours = RAMP[LEVELS].astype(np.float64) / 255
    opacity = colours[:, 3:]
    composed: NDArray[np.float64] = colours[:, :3] * opacity + ground * (1 - opacity)
    return composed


def luminance(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    weighted: NDArray[np.float64] = linear(rgb) @ np.array([0.2126, 0.7152, 0.0722])
    return weighted


@given(
    arrays(np.float32, (4, 4), elements=st.floats(-1, 1, width=32)),
    st.floats(0.001, 100),
)
def test_a_contribution_comes_back_within_half_a_step(
    shares: NDArray[np.float32], scale: float
) -> None:
    contributions = shares * np.float32(scale)

    back = in_logits(heatmap.grey_levels(contributions, scale), scale)

    assert np.all(np.abs(back - contributions) <= scale / STEPS * 0.5001)


def test_zero_is_exactly_mid_grey() -> None:
    zeros = np.zeros((3, 3), dtype=np.float32)

    levels = heatmap.grey_levels(zeros, 0.1)

    assert np.all(levels == 128)
    assert np.all(in_logits(levels, 0.1) == 0)


@given(st.floats(0.51 / STEPS, 1), st.floats(0.001, 100))
def test_a_sign_is_kept_and_opposite_contributions_lie_equally_far_from_mid_grey(
    share: float, scale: float
) -> None:
    both = np.array([[share * scale, -share * scale]], dtype=np.float32)

    fake, real = heatmap.grey_levels(both, scale)[0].astype(int)

    assert fake > ZERO > real
    assert fake - ZERO == ZERO - real


def test_what_lies_beyond_the_scale_is_clipped_to_its_end() -> None:
    far = np.array([[-9.0, -0.1, 0.1, 9.0]], dtype=np.float32)

    assert heatmap.grey_levels(far, 0.1).tolist() == [[1, 1, 255, 255]]


def test_the_map_of_all_dimensions_is_the_sum_of_their_maps() -> None:
    maps = np.random.default_rng(3).normal(size=(3, 16)).astype(np.float32)
    weights = np.array([0.5, -1.0, 2.0], dtype=np.float32)

    total = heatmap.contribution_map(maps, weights, None, 32)
    each = [heatmap.contribution_map(maps, weights, k, 32) for k in range(3)]

    assert total.shape == (32, 32)
    np.testing.assert_allclose(total, sum(each), atol=1e-4)


def test_an_even_map_keeps_its_value_a_patch() -> None:
    maps = np.full((1, 16), 0.25, dtype=np.float32)

    found = heatmap.contribution_map(maps, np.array([-2.0], dtype=np.float32), 0, 32)

    np.testing.assert_allclose(found, -0.5, atol=1e-6)


def test_zero_is_clear_and_opacity_grows_to_both_ends() -> None:
    opacity = RAMP[LEVELS, 3].astype(int)

    assert RAMP[ZERO].tolist() == [0, 0, 0, 0]
    assert np.all(np.diff(opacity[: STEPS + 1]) <= 0)
    assert np.all(np.diff(opacity[STEPS:]) >= 0)
    assert opacity[0] == opacity[-1] > 200


def test_the_ends_are_blue_toward_real_and_orange_toward_fake() -> None:
    (red, green, blue), (other_red, other_green, other_blue) = RAMP[[1, 255], :3].astype(int)

    assert blue > green > red
    assert other_red > other_green > other_blue


@pytest.mark.parametrize(("ground", "direction"), [(1.0, 1), (0.0, -1)], ids=["white", "black"])
def test_luminance_goes_one_way_on_each_side_over_light_and_over_dark(
    ground: float, direction: int
) -> None:
    """Steps smaller than a rounding to 255ths do not count."""
    steps = np.diff(luminance(over(ground))) * direction
    tolerance = 0.004

    assert np.all(steps[:STEPS] >= -tolerance)
    assert np.all(steps[STEPS:] <= tolerance)
    every_tenth = luminance(over(ground))[[*range(0, STEPS, 10), STEPS, *range(STEPS + 7, 255, 10)]]
    assert np.all(np.diff(every_tenth[:14]) * direction > 0)
    assert np.all(np.diff(every_tenth[13:]) * direction < 0)


@pytest.mark.parametrize("ground", [0.0, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("eyes", COLOUR_VISION)
def test_both_ends_and_the_middle_are_told_apart_by_all_eyes_on_any_grey(
    eyes: str, ground: float
) -> None:
    """By CIEDE2000, where 1 is just noticeable and 10 is seen at a glance."""
    seen = encoded(linear(over(ground)[[0, STEPS, -1]]) @ COLOUR_VISION[eyes].T)

    real, middle, fake = rgb2lab(seen)

    assert deltaE_ciede2000(real, fake) > 40
    assert deltaE_ciede2000(real, middle) > 15
    assert deltaE_ciede2000(fake, middle) > 15
