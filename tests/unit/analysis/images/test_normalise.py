"""Normalising: looked at by its pixels, for every kind of file that people bring."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, JpegImagePlugin

from workbench.analysis.images.file_types import UnusableImageError, add_heif, sniff
from workbench.analysis.images.normalise import (
    NORMAL_SIZE,
    NormalImage,
    bounded_decoding,
    normalise,
)

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 180, 40), (30, 40, 220), (255, 255, 255)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF", "JPEG2000")
add_heif()
# What EXIF says of an image, and how its pixels then lie in the file when it is shown upright.
STORED_FOR_ORIENTATION = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def normal(content: bytes, max_pixels: int = 10_000_000) -> NormalImage:
    with bounded_decoding(max_pixels):
        return normalise(content, max_pixels=max_pixels)


def shown(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(normal(content).content))


def assert_colour(image: Image.Image, place: tuple[float, float], colour: tuple[int, ...]) -> None:
    x, y = (round(share * (side - 1)) for share, side in zip(place, image.size, strict=True))
    found = np.asarray(image.convert("RGB"), dtype=int)[y, x]
    assert np.abs(found - colour).max() <= 6, f"{found} at {place}, not {colour}"


def quadrants(width: int = 300, height: int = 300) -> Image.Image:
    """Red and green above, blue and white below."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def assert_quadrants(image: Image.Image) -> None:
    assert_colour(image, (0.25, 0.25), RED)
    assert_colour(image, (0.75, 0.25), GREEN)
    assert_colour(image, (0.25, 0.75), BLUE)
    assert_colour(image, (0.75, 0.75), WHITE)


def noise(side: int = 200) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def swapped_primaries_profile() -> bytes:
    """An RGB profile whose red is sRGB's blue and the other way round."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    tags = {
        bytes(profile[at : at + 4]): int.from_bytes(profile[at + 4 : at + 8], "big")
        for at in range(132, 132 + 12 * count, 12)
    }
    red, blue = (slice(tags[name], tags[name] + 20) for name in (b"rXYZ", b"bXYZ"))
    profile[red], profile[blue] = profile[blue], profile[red]
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be"))


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_comes_out_in_one_form(format_name: str) -> None:
    result = normal(encoded(quadrants(), format_name))
    image = Image.open(io.BytesIO(result.content))
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    assert (image.size, image.mode) == ((NORMAL_SIZE, NORMAL_SIZE), "RGB")
    assert JpegImagePlugin.get_sampling(image) == 0  # 4:4:4
    assert (result.format, result.width, result.height) == (format_name, 300, 300)
    assert result.note == ""
    assert_quadrants(image)


def test_the_same_file_always_gives_the_same_bytes() -> None:
    content = encoded(noise(), "PNG")
    assert normal(content).content == normal(content).content


def test_the_format_is_told_by_content_alone() -> None:
    assert {name: sniff(encoded(quadrants(), name)) for name in FORMATS} == dict(
        zip(FORMATS, FORMATS, strict=True)
    )


def test_nothing_of_the_metadata_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    content = encoded(quadrants(), "JPEG", exif=exif, comment=b"A comment", dpi=(300, 300))
    image = shown(content)
    assert "A camera" in Image.open(io.BytesIO(content)).getexif().values()
    assert not image.getexif()
    assert not {"comment", "exif", "icc_profile", "dpi"} & set(image.info)


def test_the_centre_square_is_kept() -> None:
    wide = Image.new("RGB", (600, 200), RED)
    wide.paste(GREEN, (200, 0, 400, 200))
    tall = wide.transpose(Image.Transpose.ROTATE_90)
    for image in (wide, tall):
        corners = [(x, y) for x in (0.02, 0.5, 0.98) for y in (0.02, 0.5, 0.98)]
        result = shown(encoded(image, "PNG"))
        for place in corners:
            assert_colour(result, place, GREEN)


@pytest.mark.parametrize("orientation", STORED_FOR_ORIENTATION)
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_an_image_is_turned_as_its_exif_asks(orientation: int, format_name: str) -> None:
    stored = quadrants(320, 240)
    if (turn := STORED_FOR_ORIENTATION[orientation]) is not None:
        stored = stored.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = normal(encoded(stored, format_name, exif=exif))
    assert_quadrants(Image.open(io.BytesIO(result.content)))
    assert (result.width, result.height) == (320, 240)


def test_broken_exif_leaves_an_image_as_it_lies() -> None:
    content = encoded(quadrants(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f garbage")
    assert_quadrants(shown(content))


def test_cmyk_jpeg_keeps_its_colours() -> None:
    content = encoded(quadrants().convert("CMYK"), "JPEG", quality=95)
    with Image.open(io.BytesIO(content)) as stored:
        assert stored.mode == "CMYK"
    assert_quadrants(shown(content))


@pytest.mark.parametrize("format_name", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(format_name: str) -> None:
    levels = np.repeat(np.array([0, 0x4000, 0x8000, 0xFFFF], dtype=np.uint16), 56)
    content = encoded(Image.fromarray(np.tile(levels, (224, 1))), format_name)
    with Image.open(io.BytesIO(content)) as stored:
        assert stored.mode == "I;16"
    result = shown(content)
    for number, level in enumerate((0, 64, 128, 255)):
        assert_colour(result, ((number + 0.5) / 4, 0.5), (level,) * 3)


def test_a_large_sixteen_bit_image_is_scaled_in_every_strip() -> None:
    ramp = np.linspace(0, 0xFFFF, 700).astype(np.uint16)[:, None].repeat(700, axis=1)
    result = np.asarray(shown(encoded(Image.fromarray(ramp), "PNG")).convert("L"), dtype=int)
    expected = np.linspace(0, 255, NORMAL_SIZE)[:, None]
    assert np.abs(result - expected).max() <= 4


def test_a_palette_image_keeps_its_colours() -> None:
    assert_quadrants(shown(encoded(quadrants().quantize(4), "PNG")))


def test_transparent_palette_entries_become_white() -> None:
    image = quadrants().quantize(4)
    red = image.getpixel((10, 10))
    result = shown(encoded(image, "PNG", transparency=red))
    assert_colour(result, (0.25, 0.25), WHITE)
    assert_colour(result, (0.75, 0.25), GREEN)


def test_a_transparent_colour_of_an_rgb_image_becomes_white() -> None:
    result = shown(encoded(quadrants(), "PNG", transparency=RED))
    assert_colour(result, (0.25, 0.25), WHITE)
    assert_colour(result, (0.25, 0.75), BLUE)


def test_half_opaque_pixels_are_mixed_with_white() -> None:
    result = shown(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 128)), "PNG"))
    assert_colour(result, (0.5, 0.5), (127, 127, 127))


def test_hidden_colours_do_not_bleed_into_edges() -> None:
    image = Image.new("RGBA", (900, 900), (255, 0, 0, 0))
    image.paste((255, 255, 255, 255), (450, 0, 900, 900))
    assert np.asarray(shown(encoded(image, "PNG"))).min() >= 250


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGBA", "YCbCr"])
def test_other_kinds_of_pixels_come_out_right(mode: str) -> None:
    grey = Image.new("L", (60, 60), 0)
    grey.paste(255, (30, 0, 60, 60))
    image = grey.convert(mode)
    result = shown(encoded(image, "JPEG" if mode == "YCbCr" else "PNG"))
    assert_colour(result, (0.2, 0.5), (0, 0, 0))
    assert_colour(result, (0.8, 0.5), WHITE)


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_taken_and_this_is_noted(format_name: str) -> None:
    later = [Image.new("RGB", (300, 300), colour) for colour in (RED, BLUE)]
    content = encoded(quadrants(), format_name, save_all=True, append_images=later, lossless=True)
    assert normal(content).note == "only the first of its frames is used"
    assert_quadrants(shown(content))


def test_an_embedded_profile_is_converted_to_srgb() -> None:
    content = encoded(quadrants(), "PNG", icc_profile=swapped_primaries_profile())
    result = shown(content)
    reddest = np.asarray(result)[40:70, 40:70].mean(axis=(0, 1))
    assert reddest[0] < 60
    assert reddest[2] > 200


def test_the_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, with_profile = (
        normal(encoded(noise(), "PNG", **options)) for options in ({}, {"icc_profile": profile})
    )
    assert plain.content == with_profile.content


@pytest.mark.parametrize("profile", [b"no profile at all", swapped_primaries_profile()[:200]])
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    assert_quadrants(shown(encoded(quadrants(), "PNG", icc_profile=profile)))


def test_a_profile_for_other_channels_is_ignored() -> None:
    content = encoded(Image.new("L", (50, 50), 99), "PNG", icc_profile=swapped_primaries_profile())
    assert_colour(shown(content), (0.5, 0.5), (99, 99, 99))


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_truncated_file_is_refused(format_name: str) -> None:
    content = encoded(noise(), format_name)
    with pytest.raises(UnusableImageError, match=f"^(truncated or )?damaged {format_name}: "):
        normal(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"This is only a text.\n", "not an image that can be read: text"),
        (b"BMW builds cars, and this is a text about them.", "not an image that can be read: text"),
        ("é".encode() * 4000, "not an image that can be read: text"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image that can be read: SVG"),
        (b"%PDF-1.7\n", "not an image that can be read: PDF"),
        (b"\0\0\0\x1cftypavif\0\0", "damaged AVIF: its header cannot be read"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "damaged HEIF: its header cannot be read"),
        (b"\0\0\0\x18ftypmp42\0\0", "not an image that can be read: ISO media (mp42)"),
        (b"\x00\x01\x02\x03", "not an image that can be read: unknown content"),
        (b"\xff\xd8\xff", "damaged JPEG: its header cannot be read"),
    ],
)
def test_what_is_no_image_is_refused_with_what_it_seems_to_be(content: bytes, reason: str) -> None:
    with pytest.raises(UnusableImageError) as refused:
        normal(content)
    assert str(refused.value) == reason


@pytest.mark.parametrize("side", [4000, 100_000])
def test_a_bomb_is_refused_from_its_header(side: int) -> None:
    with pytest.raises(UnusableImageError) as refused:
        normal(png_header(side, side))
    assert str(refused.value) == f"too many pixels: {side * side:,} (at most 10,000,000)"


def test_the_limit_holds_without_pillows_help() -> None:
    with pytest.raises(UnusableImageError) as refused:
        normalise(png_header(2000, 1000), max_pixels=1_999_999)
    assert str(refused.value) == "too many pixels: 2,000,000 (at most 1,999,999)"


def test_a_limit_above_pillows_own_holds() -> None:
    content = encoded(Image.new("1", (190_000, 1000)), "PNG", compress_level=1)
    assert normal(content, max_pixels=200_000_000).width == 190_000


def test_pillows_own_limit_is_given_back() -> None:
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(KeyError), bounded_decoding(7):
        raise KeyError
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("quality", [1, 10, 30, 49, 50, 51, 75, 85, 90, 95, 98, 100])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_quality_of_a_jpeg_is_read_from_its_tables(quality: int, mode: str) -> None:
    assert normal(encoded(noise().convert(mode), "JPEG", quality=quality)).jpeg_quality == quality


def test_foreign_tables_get_the_quality_that_quantises_as_coarsely() -> None:
    coarse, fine = (normal(encoded(noise(), "JPEG", qtables=[[step] * 64])) for step in (90, 3))
    assert coarse.jpeg_quality in range(10, 40)
    assert fine.jpeg_quality in range(90, 100)


def test_other_formats_have_no_jpeg_quality() -> None:
    assert normal(encoded(noise(), "PNG")).jpeg_quality is None


FILES = {name: encoded(noise(24), name) for name in FORMATS}


@settings(max_examples=120, deadline=None)
@given(
    format_name=st.sampled_from(FORMATS),
    damage=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=6),
    kept=st.floats(0, 1),
)
def test_damage_of_any_kind_is_imported_or_refused(
    format_name: str, damage: list[tuple[float, bytes]], kept: float
) -> None:
    content = bytearray(FILES[format_name])
    for place, replacement in damage:
        at = int(place * len(content))
        content[at : at + len(replacement)] = replacement
    try:
        result = normal(bytes(content[: round(kept * len(content))]))
    except UnusableImageError:
        return
    assert Image.open(io.BytesIO(result.content)).size == (NORMAL_SIZE, NORMAL_SIZE)
