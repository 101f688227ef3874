"""JPEG files that lack their end marker: completed where all their pixels are there."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator
from typing import Final

from PIL import Image

_END: Final = b"\xff\xd9"
_COEFFICIENTS: Final = 64
_FRAMES: Final = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_SCAN: Final = 0xDA
_RESTARTS: Final = range(0xD0, 0xD8)
_STRIP: Final = 256
_FILLING: Final = 8
"""Zeros in a row that are no data."""


def completed(content: bytes) -> bytes | None:
    """A JPEG file with its end marker; None where pixels or scans are missing as well.

    Zeros at the end are what a file system leaves where nothing was written.

    A decoder makes up what it misses, and does not say so. Here it is told by what follows: data
    that is whole gives the same pixels whatever is put behind it.
    """
    body = _without_filling(content).rstrip(b"\xff")
    if not _has_all_scans(body):
        return None
    number = max((body.rfind(bytes((0xFF, each))), each) for each in _RESTARTS)
    following = _RESTARTS[0] if number[0] < 0 else 0xD0 + (number[1] + 1) % 8
    # Made up as further data of this interval, and as that of the next.
    made_up = bytes(random.Random(0).choices(range(1, 0xFF), k=1024))  # noqa: S311 - no secret
    endings = (b"", made_up, bytes((0xFF, following)) + made_up)
    pixels = {_pixels(body + ending + _END) for ending in endings}
    return body + _END if len(pixels) == 1 else None


def lacks_end(content: bytes) -> bool:
    """Whether no end marker follows the scans; decoders make one up and say nothing.

    A preview within a segment has one of its own, which does not count.
    """
    scan = next((at for at, marker, _ in _segments(content) if marker == _SCAN), 0)
    return content.find(_END, scan) < 0


def _without_filling(content: bytes) -> bytes:
    written = content.rstrip(b"\0")
    return written if len(content) - len(written) >= _FILLING else content


def _pixels(content: bytes) -> bytes:
    """A digest of the decoded pixels, computed in strips: a copy of all might be large."""
    digest = hashlib.sha256()
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
        for top in range(0, image.height, _STRIP):
            strip = image.crop((0, top, image.width, min(top + _STRIP, image.height)))
            digest.update(strip.tobytes())
    return digest.digest()


def _has_all_scans(content: bytes) -> bool:
    """Whether every coefficient of every component is sent, down to its last bit."""
    missing: set[tuple[int, int]] = set()
    for _at, marker, segment in _segments(content):
        if marker in _FRAMES:
            count = segment[5]
            components = segment[6 : 6 + 3 * count : 3]
            missing = {(each, index) for each in components for index in range(_COEFFICIENTS)}
        elif marker == _SCAN:
            count = segment[0]
            first, last, bits = segment[1 + 2 * count : 4 + 2 * count]
            if not bits & 0x0F:
                scanned = segment[1 : 1 + 2 * count : 2]
                missing -= {(c, index) for c in scanned for index in range(first, last + 1)}
    return not missing


def _segments(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Places of markers, the markers, and their segments, in order.

    Raises IndexError or ValueError for broken ones.
    """
    at = 2
    while (at := content.find(b"\xff", at)) >= 0 and at + 4 <= len(content):
        marker = content[at + 1]
        if marker in (0x00, 0x01, 0xFF, *_RESTARTS):
            at += 1 if marker == 0xFF else 2  # no segment: within data, or filling
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        yield at, marker, content[at + 4 : at + 2 + length]
        at += 2 + max(length, 2)
