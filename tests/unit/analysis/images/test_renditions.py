"""What is sent of an original: bounded, of one type, and in tiles no less than its own pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from workbench.analysis.images.renditions import (
    TILE_SIDE,
    WHOLE_SIDE,
    tile_levels,
    tiles,
    whole,
)


def picture(width: int, height: int) -> Image.Image:
    small = np.random.default_rng(5).integers(0, 255, (height // 8 + 1, width // 8 + 1, 3))
    drawn = Image.fromarray(small.astype(np.uint8))
    return drawn.resize((width, height), Image.Resampling.BICUBIC)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=["JPEG"])


@pytest.mark.parametrize(
    ("width", "height", "levels"),
    [(1, 1, 0), (WHOLE_SIDE, 10, 0), (WHOLE_SIDE + 1, 10, 1), (10, 4096, 1), (10_000, 8_000, 3)],
)
def test_there_are_as_many_levels_as_the_whole_picture_leaves_detail_out(
    width: int, height: int, levels: int
) -> None:
    assert tile_levels(width, height) == levels


@pytest.mark.parametrize(
    ("size", "shown"), [((300, 200), (300, 200)), ((4096, 100), (2048, 50)), ((1, 5000), (1, 2048))]
)
def test_the_whole_picture_is_bounded_and_never_enlarged(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert opened(whole(picture(*size))).size == shown


def test_the_whole_picture_of_a_small_original_is_what_it_was_to_the_eye() -> None:
    original = picture(320, 200)

    sent = np.asarray(opened(whole(original)), int)

    assert np.abs(sent - np.asarray(original)).mean() < 1.5


def test_the_tiles_of_a_level_put_together_are_the_picture() -> None:
    original = picture(2300, 700)
    finest = Image.new("RGB", original.size)

    made = list(tiles(original))
    for level, column, row, content in made:
        assert level == 0
        finest.paste(opened(content), (column * TILE_SIDE, row * TILE_SIDE))

    assert len(made) == 5 * 2
    assert np.abs(np.asarray(finest, int) - np.asarray(original)).mean() < 1.5


def test_each_further_level_has_half_as_many_pixels_a_side() -> None:
    sizes: dict[int, list[int]] = {0: [0, 0], 1: [0, 0]}
    for level, column, row, content in tiles(picture(4201, 301)):
        width, height = opened(content).size
        extent = sizes[level]
        extent[0] = max(extent[0], column * TILE_SIDE + width)
        extent[1] = max(extent[1], row * TILE_SIDE + height)

    assert sizes == {0: [4201, 301], 1: [2101, 151]}
