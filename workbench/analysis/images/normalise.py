"""Normalisation of image files: orientation, centre crop, size, colour space, encoding.

All images get the same size and compression, so that neither file format, size nor compression
tells real from fake.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from workbench.analysis.images.fingerprint import perceptual_hash
from workbench.analysis.images.jpeg_end import completed
from workbench.analysis.images.jpeg_quality import estimate_quality
from workbench.analysis.images.orientation import orientation_of, turned
from workbench.analysis.images.png_metadata import LARGEST, without_metadata

NORMAL_SIZE: Final = 224
"""Side of a normalised image, in pixels."""

NORMAL_QUALITY: Final = 95
"""JPEG quality of a normalised image; its colour is not subsampled."""

_SIGNATURES: Final = (
    ("JPEG", (b"\xff\xd8\xff",)),
    ("PNG", (b"\x89PNG\r\n\x1a\n",)),
    ("GIF", (b"GIF87a", b"GIF89a")),
    ("TIFF", (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
)
_FOREIGN: Final = (
    ("PDF", (b"%PDF",)),
    ("a ZIP archive", (b"PK\x03\x04",)),
    ("a gzip archive", (b"\x1f\x8b",)),
    ("Photoshop", (b"8BPS",)),
    ("JPEG XL", (b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")),
    ("JPEG 2000", (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")),
    ("an icon", (b"\x00\x00\x01\x00",)),
)
_BMP_HEADER_SIZES: Final = (12, 40, 52, 56, 64, 108, 124)
_SIXTEEN_BIT: Final = ("I;16", "I;16B", "I;16L", "I;16N")
_STRIP: Final = 256
# What decoders raise for content that breaks their format.
_DAMAGE: Final = (OSError, SyntaxError, EOFError, ValueError, IndexError, KeyError, struct.error)


class UnusableImageError(Exception):
    """An image cannot be normalised; the message gives the reason."""


@dataclass(frozen=True)
class NormalImage:
    """A normalised image, with metadata of the original file."""

    content: bytes
    """JPEG of NORMAL_SIZE x NORMAL_SIZE pixels, RGB, without metadata."""
    format: str
    width: int
    height: int
    """Size of the original in pixels, after its EXIF rotation."""
    jpeg_quality: int | None
    perceptual_hash: int
    note: str
    """What was left out of the original; empty where nothing was."""


def sniff(content: bytes) -> str:
    """Detect JPEG, PNG, WEBP, GIF, BMP or TIFF from the content, whatever the file's name.

    Raises UnusableImageError for anything else, naming the type where it is known.
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
    raise UnusableImageError(f"not an image that can be read: {_describe(content)}")


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


@contextmanager
def bounded_decoding(max_pixels: int) -> Iterator[None]:
    """Set Pillow's limits to `max_pixels` and ours for metadata, and silence its warnings.

    `normalise` checks the header's size itself; this also covers frames and tiles that claim more
    than the header. Limit and warning filters are process-wide, so this is for a process that
    imports, not for one that serves.
    """
    before, granted = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        Image.MAX_IMAGE_PIXELS = max_pixels
        PngImagePlugin.MAX_TEXT_CHUNK = LARGEST
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before
            PngImagePlugin.MAX_TEXT_CHUNK = granted


def normalise(content: bytes, *, max_pixels: int) -> NormalImage:
    """Normalise an image file. The same bytes always give the same bytes.

    Upright by EXIF, centre square, Lanczos to NORMAL_SIZE, 16 bits scaled to 8, transparency on
    white, an embedded colour profile converted to sRGB, first frame of an animation. Colour is
    converted after the resize, which works on gamma-encoded values, as viewers do.

    A JPEG that lacks only its end marker is taken; a PNG's texts, and a colour profile of more than
    16 MB, are left out where they would be refused.

    Raises UnusableImageError for files that are no image, are damaged or truncated, claim more than
    `max_pixels` pixels (refused from the header), or have pixels without a defined range.
    """
    format_name = sniff(content)
    try:
        try:
            return _decoded(content, format_name, max_pixels)
        except _DAMAGE:
            mended, note = _mended(content, format_name)
            if mended is None:
                raise
            found = _decoded(mended, format_name, max_pixels)
            return replace(found, note="; ".join(filter(None, (found.note, note))))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        claimed = re.search(r"(\d+) pixels", str(error))
        raise _too_many_pixels(int(claimed[1]) if claimed else None, max_pixels) from error
    except UnidentifiedImageError as error:
        raise UnusableImageError(f"damaged {format_name}: its header cannot be read") from error
    except _DAMAGE as error:
        raise UnusableImageError(f"truncated or damaged {format_name}: {error}") from error


def _decoded(content: bytes, format_name: str, max_pixels: int) -> NormalImage:
    with Image.open(io.BytesIO(content), formats=[format_name]) as image:
        if image.width * image.height > max_pixels:
            raise _too_many_pixels(image.width * image.height, max_pixels)
        image.load()
        return _normalised(image, format_name)


def _mended(content: bytes, format_name: str) -> tuple[bytes | None, str]:
    """The file as it can be decoded, its pixels unchanged, with a note; None where it cannot."""
    if format_name == "JPEG":
        with suppress(*_DAMAGE):
            return completed(content), ""
    if format_name == "PNG":
        smaller, dropped = without_metadata(content)
        note = "its colour profile is too large and was not used" if dropped else ""
        return (smaller if smaller != content else None), note
    return None, ""


def _too_many_pixels(claimed: int | None, max_pixels: int) -> UnusableImageError:
    claim = "" if claimed is None else f": {claimed:,}"
    return UnusableImageError(f"too many pixels{claim} (at most {max_pixels:,})")


def _normalised(image: Image.Image, format_name: str) -> NormalImage:
    orientation = orientation_of(image)
    square = _eight_bits(_centre_square(image))
    # Pillow weighs colour by opacity here, so that hidden colours do not bleed into edges.
    small = square.resize((NORMAL_SIZE, NORMAL_SIZE), Image.Resampling.LANCZOS)
    small = turned(small, orientation)
    width, height = image.size if orientation < 5 else (image.height, image.width)
    flat = _on_white(_in_srgb(small, image.info.get("icc_profile")))
    return NormalImage(
        content=_encode(flat),
        format=format_name,
        width=width,
        height=height,
        jpeg_quality=_jpeg_quality(image),
        perceptual_hash=perceptual_hash(flat),
        note=_note(image, format_name),
    )


def _centre_square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    if image.size == (side, side):
        return image
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert to L, RGB, RGBA or CMYK with 8 bits per channel."""
    if image.mode in _SIXTEEN_BIT:
        return _scaled_to_eight_bits(image)
    if image.mode in ("I", "F", "LAB"):
        raise UnusableImageError(f"unsupported kind of pixels: {image.mode}")
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in ("L", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _scaled_to_eight_bits(image: Image.Image) -> Image.Image:
    # Pillow's own conversion would clip at 255. Rounding as libpng's png_set_scale_16, in strips,
    # because the numbers take four times the room meanwhile.
    scaled = Image.new("L", image.size)
    for top in range(0, image.height, _STRIP):
        bottom = min(top + _STRIP, image.height)
        wide = np.asarray(image.crop((0, top, image.width, bottom))).astype(np.uint32)
        scaled.paste(Image.fromarray(((wide * 255 + 32895) >> 16).astype(np.uint8)), (0, top))
    return scaled


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to RGB or RGBA in sRGB, ignoring a broken profile or one for other channels."""
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            # Nothing to do for most files, and rounding would touch them.
            if "sRGB" not in ImageCms.getProfileDescription(source):
                converted = ImageCms.profileToProfile(
                    image, source, ImageCms.createProfile("sRGB"), outputMode=target
                )
                return image if converted is None else converted
        except (ImageCms.PyCMSError, *_DAMAGE):
            pass
    return image.convert(target)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def _encode(image: Image.Image) -> bytes:
    image.info = {}  # the encoder would carry a comment over
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=NORMAL_QUALITY, subsampling="4:4:4")
    return buffer.getvalue()


def _jpeg_quality(image: Image.Image) -> int | None:
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return None
    return estimate_quality(image.quantization)


def _note(image: Image.Image, format_name: str) -> str:
    # A JPEG's further frames are its own preview or depth map, not other pictures.
    if format_name == "JPEG":
        return ""
    try:
        several = bool(getattr(image, "is_animated", False))
    except _DAMAGE:
        several = True  # what follows the first frame is damaged, so something does
    return "only the first of its frames is used" if several else ""
