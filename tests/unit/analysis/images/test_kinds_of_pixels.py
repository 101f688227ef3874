"""Formats and kinds of pixels beyond 8 bits of grey or RGB, and what is noted of odd pictures."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from workbench.analysis.images.file_types import UnusableImageError, add_heif
from workbench.analysis.images.normalise import NormalImage, bounded_decoding, normalise
from workbench.analysis.images.notes import ImportNote

STEPS = np.array([0, 1 / 3, 2 / 3, 1])
add_heif()


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def normal(content: bytes, max_pixels: int = 10_000_000) -> NormalImage:
    with bounded_decoding(max_pixels):
        return normalise(content, max_pixels=max_pixels)


def bars(scale: float, kind: type[np.generic], offset: float = 0) -> NDArray[Any]:
    """Four bars from the offset up to it plus the scale."""
    return np.tile(np.repeat(STEPS * scale + offset, 60), (240, 1)).astype(kind)


def levels(found: NormalImage) -> list[int]:
    """The brightness in the middle of each bar."""
    grey = np.asarray(Image.open(io.BytesIO(found.content)).convert("L"), int)
    return [int(grey[112, 28 + 56 * number]) for number in range(4)]


def test_sixteen_bits_are_scaled_whatever_the_format() -> None:
    for format_name in ("PNG", "TIFF", "JPEG2000"):
        found = normal(encoded(Image.fromarray(bars(65535, np.uint16)), format_name))
        assert levels(found) == pytest.approx([0, 85, 170, 255], abs=2)
        assert found.notes == ()


@pytest.mark.parametrize(("bits", "noted"), [(8, False), (10, True), (12, True), (14, True)])
@pytest.mark.parametrize("format_name", ["PNG", "TIFF", "JPEG2000"])
def test_sixteen_bits_that_leave_the_upper_ones_unused_are_stretched(
    bits: int, noted: bool, format_name: str
) -> None:
    found = normal(encoded(Image.fromarray(bars(2**bits - 1, np.uint16)), format_name))
    assert levels(found) == pytest.approx([0, 85, 170, 255], abs=3)
    assert found.notes == ((ImportNote.STRETCHED,) if noted else ())


def test_big_endian_values_are_read_alike() -> None:
    values = bars(4095, np.uint16)
    stored = Image.frombytes("I;16B", (240, 240), values.astype(">u2").tobytes())
    content = encoded(stored, "TIFF")
    assert Image.open(io.BytesIO(content)).mode == "I;16B"
    found = normal(content)
    assert levels(found) == pytest.approx([0, 85, 170, 255], abs=2)
    assert found.notes == (ImportNote.STRETCHED,)


def test_sixteen_bits_that_use_more_than_a_quarter_are_left_as_they_are() -> None:
    found = normal(encoded(Image.fromarray(bars(20_000, np.uint16)), "PNG"))
    assert levels(found) == pytest.approx([0, 26, 52, 78], abs=2)
    assert found.notes == ()


@pytest.mark.parametrize(("scale", "notes"), [(4095, (ImportNote.DARK,)), (65535, ())])
@pytest.mark.parametrize("ending", [".png", ".tiff"])
def test_colour_of_sixteen_bits_that_comes_out_dark_is_noted(
    scale: int, notes: tuple[ImportNote, ...], ending: str
) -> None:
    done, content = cv2.imencode(ending, np.dstack([bars(scale, np.uint16)] * 3))
    assert done
    found = normal(content.tobytes())
    assert found.notes == notes
    assert levels(found)[3] == pytest.approx(scale / 257, abs=3)


@pytest.mark.parametrize(
    ("scale", "notes"),
    [
        (65535, ()),
        (4095, (ImportNote.STRETCHED,)),
        (255, (ImportNote.STRETCHED,)),
    ],
)
def test_integers_of_32_bits_are_taken_where_they_fit_in_16(
    scale: int, notes: tuple[ImportNote, ...]
) -> None:
    found = normal(encoded(Image.fromarray(bars(scale, np.int32)), "TIFF"))
    assert levels(found) == pytest.approx([0, 85, 170, 255], abs=2)
    assert found.notes == notes


@pytest.mark.parametrize(("scale", "offset"), [(70_000, 0), (100, -1)])
def test_integers_of_32_bits_beyond_are_refused(scale: int, offset: int) -> None:
    with pytest.raises(UnusableImageError, match=r"32-bit integers from .* no defined brightness"):
        normal(encoded(Image.fromarray(bars(scale, np.int32, offset)), "TIFF"))


def test_floats_from_0_to_1_are_brightness() -> None:
    found = normal(encoded(Image.fromarray(bars(1, np.float32)), "TIFF"))
    assert levels(found) == pytest.approx([0, 85, 170, 255], abs=2)
    assert found.notes == (ImportNote.FLOATS,)


@pytest.mark.parametrize("highest", [1.01, 255, np.inf, -0.5])
def test_floats_beyond_are_refused(highest: float) -> None:
    values = bars(1, np.float32)
    values[0, 0] = highest
    with pytest.raises(UnusableImageError, match=r"floating-point values from .* no defined"):
        normal(encoded(Image.fromarray(values), "TIFF"))


def test_floats_that_are_no_numbers_are_refused() -> None:
    values = bars(1, np.float32)
    values[100, 100] = np.nan
    with pytest.raises(UnusableImageError, match="no numbers"):
        normal(encoded(Image.fromarray(values), "TIFF"))


def test_lab_keeps_its_colours() -> None:
    colours = Image.new("RGB", (200, 200), (200, 60, 30))
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    stored = ImageCms.profileToProfile(colours, srgb, lab, outputMode="LAB")
    assert stored is not None
    found = Image.open(io.BytesIO(normal(encoded(stored, "TIFF")).content))
    assert np.asarray(found, int)[100, 100] == pytest.approx([200, 60, 30], abs=4)


@pytest.mark.parametrize("format_name", ["HEIF", "AVIF", "JPEG2000"])
def test_a_bomb_of_a_modern_format_is_refused_from_its_header(format_name: str) -> None:
    content = encoded(Image.new("RGB", (1200, 1000)), format_name)
    with pytest.raises(UnusableImageError, match="too many pixels: 1,200,000"):
        normal(content, max_pixels=1_000_000)


def test_a_heif_is_turned_once() -> None:
    image = Image.new("RGB", (300, 200), "white")
    image.paste((220, 30, 30), (0, 0, 150, 100))
    exif = Image.Exif()
    exif[0x0112] = 6
    found = normal(encoded(image, "HEIF", exif=exif.tobytes(), quality=95))
    upright = image.transpose(Image.Transpose.ROTATE_270)
    assert (found.width, found.height) == upright.size
    shown = np.asarray(Image.open(io.BytesIO(found.content)), int)
    assert shown[30, 190] == pytest.approx([220, 30, 30], abs=12)
    assert shown[30, 30].min() > 240


@pytest.mark.parametrize(
    ("size", "notes"),
    [
        ((1, 1), {ImportNote.TINY, ImportNote.ONE_COLOUR}),
        ((4000, 6), {ImportNote.TINY, ImportNote.ELONGATED}),
        ((900, 100), {ImportNote.ELONGATED}),
        ((800, 100), set()),
        ((16, 16), set()),
    ],
)
def test_pictures_of_odd_size_are_noted(size: tuple[int, int], notes: set[ImportNote]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    assert set(normal(encoded(Image.fromarray(pixels), "PNG")).notes) == notes


@pytest.mark.parametrize("colour", ["black", "white", (10, 200, 30)])
@pytest.mark.parametrize("format_name", ["PNG", "JPEG"])
def test_pictures_of_one_colour_are_noted(colour: Any, format_name: str) -> None:
    image = Image.new("RGB", (50, 50), colour)
    assert normal(encoded(image, format_name)).note == "it is of a single colour"


def test_a_picture_with_a_speck_is_not_of_one_colour() -> None:
    image = Image.new("RGB", (300, 300), "black")
    image.paste("white", (100, 100, 104, 104))
    assert normal(encoded(image, "PNG")).notes == ()
