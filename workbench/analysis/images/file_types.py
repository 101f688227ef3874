"""The type of an image file by its content, whatever its name says."""

from __future__ import annotations

from functools import cache
from typing import Final

_SIGNATURES: Final = (
    ("JPEG", (b"\xff\xd8\xff",)),
    ("PNG", (b"\x89PNG\r\n\x1a\n",)),
    ("GIF", (b"GIF87a", b"GIF89a")),
    ("TIFF", (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    ("JPEG2000", (b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")),
)
_BRANDS: Final = {
    "AVIF": (b"avif", b"avis"),
    "HEIF": (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"),
}
"""Of ISO media, what its first or a compatible brand says; the first that is found decides."""
_FOREIGN: Final = (
    ("PDF", (b"%PDF",)),
    ("a ZIP archive", (b"PK\x03\x04",)),
    ("a gzip archive", (b"\x1f\x8b",)),
    ("Photoshop", (b"8BPS",)),
    ("JPEG XL", (b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")),
    ("an icon", (b"\x00\x00\x01\x00",)),
)
_BMP_HEADER_SIZES: Final = (12, 40, 52, 56, 64, 108, 124)


class UnusableImageError(Exception):
    """An image cannot be normalised; the message gives the reason."""


def sniff(content: bytes) -> str:
    """Detect the format by its content: one of Pillow's names of those that are taken.

    JPEG, PNG, WEBP, GIF, BMP, TIFF, HEIF, AVIF, JPEG2000. Raises UnusableImageError for anything
    else, naming the type where it is known.
    """
    if not content:
        raise UnusableImageError("empty file")
    for name, signatures in _SIGNATURES:
        if content.startswith(signatures):
            return name
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    # "BM" alone may begin a text.
    if content[:2] == b"BM" and int.from_bytes(content[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    if content[4:8] == b"ftyp" and (found := _iso_format(content)):
        return found
    raise UnusableImageError(f"not an image that can be read: {_describe(content)}")


def _iso_format(content: bytes) -> str | None:
    size = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[8:12], *(content[at : at + 4] for at in range(16, size - 3, 4))}
    return next((name for name, known in _BRANDS.items() if not brands.isdisjoint(known)), None)


def _describe(content: bytes) -> str:
    for name, signatures in _FOREIGN:
        if content.startswith(signatures):
            return name
    if content[4:8] == b"ftyp":
        return f"ISO media ({content[8:12].decode('ascii', 'replace').strip()})"
    beginning = content[:1024]
    if b"\x00" in beginning:
        return "unknown content"
    try:
        # A character of several bytes may be cut in two at the end.
        text = beginning.decode("utf-8") if len(content) <= 1024 else beginning[:-4].decode("utf-8")
    except UnicodeDecodeError:
        return "unknown content"
    return "SVG" if "<svg" in text else "text"


@cache
def add_heif() -> None:
    """Give Pillow a decoder of HEIF: for the pictures themselves, not previews and depth maps."""
    from pillow_heif import register_heif_opener  # noqa: PLC0415 - pages need none

    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
