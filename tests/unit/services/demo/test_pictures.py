from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.services.demo.faces import Portrait, in_the_place_of
from workbench.services.demo.pictures import SIZE, generator_for, random_window, splits
from workbench.services.demo.planted import window_with_detail
from workbench.services.demo.scenes import as_published


def as_jpeg(picture: Image.Image, **options: object) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **options)
    return Image.open(buffer)


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def test_a_pictures_choices_depend_on_its_seed_and_its_name_alone() -> None:
    assert generator_for(0, "a").random() == generator_for(0, "a").random()
    others = [generator_for(1, "a"), generator_for(0, "b"), generator_for(0, "a", "b")]
    assert generator_for(0, "a").random() not in [other.random() for other in others]


@given(count=st.integers(0, 40), seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_about_30_percent_of_a_stratum_are_held_out(count: int, seed: int) -> None:
    groups = [f"group {number}" for number in range(count)]
    side = splits(groups, seed)
    held_out = sum(value == "held_out" for value in side.values())
    assert set(side) == set(groups)
    assert abs(held_out - 0.3 * count) <= 0.5


def test_the_order_in_which_groups_come_does_not_move_them() -> None:
    groups = [f"group {number}" for number in range(20)]
    assert splits(groups, 0) == splits(groups[::-1] + groups, 0)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_a_random_window_lies_within_the_picture(seed: int) -> None:
    picture = noise(300, 260)
    drawn = random_window(picture, (200, 260), np.random.default_rng(seed))
    assert drawn.size == (SIZE, SIZE)


def test_a_window_with_detail_is_preferred_to_a_plain_one() -> None:
    picture = Image.new("RGB", (2100, 700), (90, 120, 200))
    picture.paste(noise(700, 700), (1400, 0))
    drawn = window_with_detail(picture, np.random.default_rng(0))
    assert np.asarray(drawn).std() > 20.0


def test_a_large_picture_is_published_400_pixels_high_and_a_small_one_stays() -> None:
    large, small = noise(1500, 1000), noise(350, 350)
    assert as_published(large, 80).size == (600, 400)
    assert as_published(small, 80) is small


def test_a_lower_quality_leaves_more_traces() -> None:
    picture = noise(600, 400).convert("L").convert("RGB").resize((1500, 1000))
    plain = np.asarray(picture.resize((600, 400), Image.Resampling.LANCZOS), dtype=float)
    coarse, fine = (np.abs(np.asarray(as_published(picture, q)) - plain).mean() for q in (65, 95))
    assert coarse > 1.5 * fine


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_made_up_face_takes_a_grey_portraits_greyness(mode: str) -> None:
    grey = as_jpeg(noise(128, 128).convert("L").convert(mode), quality=80)
    made_up = Image.new("RGB", (1024, 1024), (200, 80, 40))
    pixels = np.asarray(in_the_place_of(grey, Portrait("x.jpg", 10, 5, 90), made_up))
    assert pixels.shape == (SIZE, SIZE, 3)
    assert (pixels.max(axis=2) == pixels.min(axis=2)).all()


def test_a_made_up_face_is_compressed_as_its_portrait_was() -> None:
    portrait = Portrait("x.jpg", 10, 5, 90)
    face = noise(90, 90, seed=3).convert("L").convert("RGB").resize((1024, 1024))
    crude, fine = (
        np.asarray(in_the_place_of(as_jpeg(noise(128, 128), quality=q), portrait, face), float)
        for q in (20, 98)
    )
    uncompressed = np.asarray(
        in_the_place_of(noise(128, 128), portrait, face),
        float,
    )
    assert np.abs(crude - uncompressed).mean() > 3 * np.abs(fine - uncompressed).mean()
