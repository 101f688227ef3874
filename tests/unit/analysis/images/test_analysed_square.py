"""An original and its normalised copy lie over each other, however the original was stored."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.analysis.images.test_normalise import STORED_FOR_ORIENTATION, encoded
from workbench.analysis.images.analysed_square import AnalysedSquare
from workbench.analysis.images.normalise import NORMAL_SIZE, normalise, upright

MOST = 1_000_000


def slope(width: int, height: int) -> Image.Image:
    """A picture whose colour tells where one is in it."""
    down, across = np.indices((height, width))
    pixels = np.stack([across * 255 / width, down * 255 / height, 0 * down], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def stored(picture: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = STORED_FOR_ORIENTATION[orientation]
    return encoded(picture if turn is None else picture.transpose(turn), "PNG", exif=exif)


@given(st.integers(20, 90), st.integers(20, 90), st.sampled_from(list(STORED_FOR_ORIENTATION)))
@example(90, 30, 1)
@example(30, 90, 1)
@example(50, 50, 1)
@example(90, 31, 6)
@example(31, 90, 3)
def test_the_square_of_the_upright_original_is_the_normalised_copy(
    width: int, height: int, orientation: int
) -> None:
    picture = slope(width, height)
    content = stored(picture, orientation)
    shown = upright(content, max_pixels=MOST)
    square = AnalysedSquare(*shown.size)

    copy = normalise(content, max_pixels=MOST)

    assert shown.size == (copy.width, copy.height) == (width, height)
    assert np.array_equal(np.asarray(shown), np.asarray(picture))
    size = (NORMAL_SIZE, NORMAL_SIZE)
    part = shown.crop(square.box).resize(size, Image.Resampling.LANCZOS)
    analysed = Image.open(io.BytesIO(copy.content))
    apart = np.abs(np.asarray(part, int) - np.asarray(analysed, int)).mean(axis=(0, 1))
    # Of an odd surplus, a turned file has the extra pixel on the other side.
    step = 255 / np.array([width, height, 255]) if (width - height) % 2 and orientation > 1 else 0
    assert (apart <= 2 + step).all()


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_frame_holds_the_whole_image_in_its_middle(width: int, height: int) -> None:
    square = AnalysedSquare(width, height)
    x, y, side = square.frame

    # From sides of the square to pixels of the original.
    left, top = square.left + x * square.side, square.top + y * square.side
    longest = side * square.side
    assert longest == pytest.approx(max(width, height))
    assert left == pytest.approx((width - longest) / 2)
    assert top == pytest.approx((height - longest) / 2)


def test_of_a_square_image_all_is_analysed() -> None:
    square = AnalysedSquare(300, 300)

    assert square.is_whole
    assert square.box == (0, 0, 300, 300)
    assert square.frame == (0, 0, 1)
