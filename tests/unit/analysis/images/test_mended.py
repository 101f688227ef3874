"""Files whose pixels are whole are taken: without an end marker, with metadata of any size."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from workbench.analysis.images.file_types import UnusableImageError
from workbench.analysis.images.normalise import (
    NormalImage,
    bounded_decoding,
    normalise,
)
from workbench.analysis.images.notes import ImportNote
from workbench.analysis.images.png_metadata import LARGEST

END = b"\xff\xd9"
TEXT = 3_000_000
"""Characters; three times what Pillow grants."""


def picture(side: int = 64, mode: str = "RGB") -> Image.Image:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def normal(content: bytes) -> NormalImage:
    with bounded_decoding(10_000_000):
        return normalise(content, max_pixels=10_000_000)


KINDS: dict[str, dict[str, Any]] = {
    "baseline": {"quality": 90},
    "subsampled": {"quality": 60, "subsampling": "4:2:0"},
    "progressive": {"quality": 90, "progressive": True},
    "with restarts": {"quality": 90, "restart_marker_blocks": 3},
    "optimised": {"quality": 95, "optimize": True},
}


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_that_lacks_only_its_end_marker_is_taken_whole(kind: str, mode: str) -> None:
    whole = encoded(picture(mode=mode), "JPEG", **KINDS[kind])
    assert whole.endswith(END)

    for cut in (whole[:-2], whole[:-1], whole[:-2] + bytes(40)):
        found = normal(cut)
        assert found.content == normal(whole).content
        assert found.note == "its end marker is missing, its pixels are all there"


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_that_lacks_pixels_is_refused_wherever_it_was_cut(kind: str, mode: str) -> None:
    whole = encoded(picture(mode=mode), "JPEG", **KINDS[kind])
    wanted = normal(whole).content
    wrong = []
    for end in range(len(whole) - 3, 200, -max(len(whole) // 150, 1)):
        try:
            # What was cut off may be filling: then nothing is missing.
            if normal(whole[:end]).content != wanted:
                wrong.append(end)
        except UnusableImageError:
            continue
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_zeros_in_the_place_of_pixels_are_not_taken_for_them(kind: str, share: float) -> None:
    whole = encoded(picture(200), "JPEG", **KINDS[kind])
    cut = int(len(whole) * share)
    with pytest.raises(UnusableImageError, match=r"^truncated or damaged JPEG: "):
        normal(whole[:cut] + bytes(len(whole) - cut))


def test_a_preview_within_a_jpeg_has_an_end_of_its_own() -> None:
    preview = encoded(picture(16), "JPEG")
    whole = encoded(picture(), "JPEG", exif=b"Exif\0\0" + preview)
    assert normal(whole + b"more after the end" + whole[:300]).notes == ()
    assert normal(whole[:-2]).notes == (ImportNote.NO_END,)
    assert normal(whole[:-2]).content == normal(whole).content


def test_a_jpeg_that_was_cut_between_two_restarts_is_refused() -> None:
    whole = encoded(picture(), "JPEG", quality=90, restart_marker_blocks=3)
    cuts = [at for at in range(len(whole)) if whole[at] == 0xFF and 0xD0 <= whole[at + 1] < 0xD8]
    assert len(cuts) == 5

    for cut in cuts:
        with pytest.raises(UnusableImageError):
            normal(whole[:cut])


def test_a_progressive_jpeg_that_lacks_a_scan_is_refused() -> None:
    whole = encoded(picture(), "JPEG", progressive=True)
    scans = [at for at in range(len(whole) - 1) if whole[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 4

    for cut in scans[1:]:
        with pytest.raises(UnusableImageError):
            normal(whole[:cut])


@pytest.mark.parametrize("ends_with_text", [False, True])
@pytest.mark.parametrize("length", [TEXT, 8 * TEXT])
def test_a_png_with_a_long_compressed_text_is_taken(length: int, *, ends_with_text: bool) -> None:
    notes = PngInfo()
    notes.add_text("parameters", "x" * length, zip=True)
    plain, content = encoded(picture(), "PNG"), encoded(picture(), "PNG", pnginfo=notes)
    if ends_with_text:
        body = zlib.compress(b"x" * length)
        content = plain[:-12] + chunk(b"zTXt", b"more\0\0" + body) + plain[-12:]

    found = normal(content)
    assert found.content == normal(plain).content
    taken = length < LARGEST
    assert found.note == ("" if taken else "its text metadata is too large and was not read")


def test_a_png_with_more_text_than_memory_is_granted_is_taken() -> None:
    notes = PngInfo()
    for number in range(6):
        notes.add_text(f"part {number}", "x" * 12_000_000, zip=True)

    content = encoded(picture(), "PNG", pnginfo=notes)

    assert normal(content).content == normal(encoded(picture(), "PNG")).content


def test_a_colour_profile_of_two_megabytes_is_used() -> None:
    profile = swapped_primaries()
    padded = profile + bytes(2_000_000)
    assert (
        normal(encoded(picture(), "PNG", icc_profile=profile)).content
        != normal(encoded(picture(), "PNG")).content
    )

    found = normal(encoded(picture(), "PNG", icc_profile=padded))

    assert found.content == normal(encoded(picture(), "PNG", icc_profile=profile)).content
    assert found.note == ""


def test_a_colour_profile_that_unpacks_without_bound_is_left_out_and_said_to_be() -> None:
    bomb = encoded(picture(), "PNG", icc_profile=swapped_primaries() + bytes(40_000_000))
    assert len(bomb) < 200_000

    found = normal(bomb)

    assert found.content == normal(encoded(picture(), "PNG")).content
    assert found.note == "its colour profile is too large and was not used"


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_png_with_a_long_text_that_lacks_pixels_is_refused(share: float) -> None:
    notes = PngInfo()
    notes.add_text("parameters", "x" * 8 * TEXT, zip=True)
    random = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(random), "PNG", pnginfo=notes)

    with pytest.raises(UnusableImageError, match="PNG"):
        normal(content[: int(len(content) * share)])


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def swapped_primaries() -> bytes:
    """An RGB profile whose red is sRGB's blue and the other way round, under another name."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, other in ((b"rXYZ", b"----"), (b"bXYZ", b"rXYZ"), (b"----", b"bXYZ")):
        profile = profile.replace(name, other)
    return profile.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
