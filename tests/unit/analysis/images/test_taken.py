"""When a picture was taken is read from what the camera wrote into its file."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.support.layouts import picture_with_exif
from workbench.analysis.images.normalise import normalise

ORIGINAL, DIGITIZED = 0x9003, 0x9004


def taken(content: bytes) -> tuple[str, ...]:
    return normalise(content, max_pixels=10**6).taken


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_says_when_it_was_taken(form: str) -> None:
    content = picture_with_exif({ORIGINAL: "2012:05:04 12:30:00"}, form)

    assert taken(content) == ("2012:05:04 12:30:00",)


def test_a_scan_says_first_when_it_was_taken_and_then_when_it_was_digitized() -> None:
    both = {DIGITIZED: "2012:05:04 12:30:00", ORIGINAL: "1975:01:02 00:00:00"}

    assert taken(picture_with_exif(both)) == ("1975:01:02 00:00:00", "2012:05:04 12:30:00")


def test_a_picture_that_does_not_say_it_or_whose_exif_is_broken_says_nothing() -> None:
    plain = io.BytesIO()
    Image.new("RGB", (30, 30), "red").save(plain, "JPEG")
    edited = picture_with_exif({0x0132: "2012:05:04 12:30:00"})  # when the file was changed
    broken = plain.getvalue()[:2] + b"\xff\xe1\x00\x10Exif\x00\x00nonsense" + plain.getvalue()[2:]

    for content in (plain.getvalue(), edited, broken):
        assert taken(content) == ()
