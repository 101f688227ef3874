"""Normalisation of image files: orientation, centre crop, size, colour space, encoding.

All images get the same size and compression, so that neither file format, size nor compression
tells real from fake.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from workbench.analysis.images.analysed_square import AnalysedSquare
from workbench.analysis.images.eight_bits import in_eight_bits, is_dark_sixteen_bit
from workbench.analysis.images.exposure import Exposure, exposure
from workbench.analysis.images.file_types import UnusableImageError, add_heif, sniff
from workbench.analysis.images.fingerprint import perceptual_hash
from workbench.analysis.images.jpeg_end import completed, lacks_end
from workbench.analysis.images.jpeg_quality import estimate_quality
from workbench.analysis.images.notes import ImportNote
from workbench.analysis.images.orientation import orientation_of, turned
from workbench.analysis.images.png_metadata import LARGEST, without_metadata
from workbench.analysis.images.taken import taken

NORMAL_SIZE: Final = 224
"""Side of a normalised image, in pixels. Masks, boxes and outlines lie in a square of this side."""

NORMAL_QUALITY: Final = 95
"""JPEG quality of a normalised image; its colour is not subsampled."""

_Made = TypeVar("_Made")

_TINY: Final = 16
"""Pixels of the shorter side; there is nothing to see in fewer."""
_ELONGATED: Final = 8
_SAME: Final = 2
"""Steps of brightness that nobody sees."""
# What decoders raise for content that breaks their format.
_DAMAGE: Final = (
    *(OSError, SyntaxError, EOFError, ValueError, IndexError, KeyError, struct.error),
    RuntimeError,  # of the decoders of AVIF and HEIF
)


@dataclass(frozen=True)
class NormalImage:
    """A normalised image, with metadata of the original file."""

    content: bytes
    """JPEG of a square of pixels, RGB, without metadata."""
    format: str
    width: int
    height: int
    """Size of the original in pixels, after its EXIF rotation."""
    jpeg_quality: int | None
    perceptual_hash: int
    exposure: Exposure
    taken: tuple[str, ...] = ()
    """When it was taken, else digitized, as its EXIF writes it."""
    notes: tuple[ImportNote, ...] = ()
    """What was left out of the original or guessed, and what is odd about it."""

    @property
    def note(self) -> str:
        """The notes in words; empty where there are none."""
        return "; ".join(each.sentence for each in self.notes)


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


def normalise(content: bytes, *, max_pixels: int, side: int = NORMAL_SIZE) -> NormalImage:
    """Normalise an image file. The same bytes always give the same bytes.

    Upright by EXIF, centre square, Lanczos to `side` pixels, 16 bits scaled to 8, transparency on
    white, an embedded colour profile converted to sRGB, first frame of an animation. Colour is
    converted after the resize, which works on gamma-encoded values, as viewers do. Of which range
    pixels are that are no bytes: `eight_bits`.

    A JPEG that lacks only its end marker is taken; a PNG's texts, and a colour profile of more than
    16 MB, are left out where they would be refused. Both are noted.

    Raises UnusableImageError for files that are no image, are damaged or truncated, claim more than
    `max_pixels` pixels (refused from the header), or have pixels without a defined range.
    """
    found, notes = _read(content, max_pixels, partial(_normalised, side=side))
    return replace(found, notes=(*found.notes, *notes))


def upright(content: bytes, *, max_pixels: int) -> Image.Image:
    """Decode an image file whole, as people are to see it: RGB, of the size of the original.

    What `normalise` makes the same of every image is the same here: orientation, range, colours,
    transparency on white, first frame. Raises UnusableImageError for the same files.
    """
    image, _notes = _read(content, max_pixels, _upright)
    return image


def _read(
    content: bytes, max_pixels: int, make: Callable[[Image.Image, str, bool], _Made]
) -> tuple[_Made, tuple[ImportNote, ...]]:
    """What is made of a file's pixels, mended where that helps; with what was mended."""
    format_name = sniff(content)
    try:
        try:
            return _decoded(content, format_name, max_pixels, make), ()
        except _DAMAGE:
            mended, notes = _mended(content, format_name)
            if mended is None:
                raise
            return _decoded(mended, format_name, max_pixels, make), notes
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        claimed = re.search(r"(\d+) pixels", str(error))
        raise _too_many_pixels(int(claimed[1]) if claimed else None, max_pixels) from error
    except UnidentifiedImageError as error:
        raise UnusableImageError(f"damaged {format_name}: its header cannot be read") from error
    except _DAMAGE as error:
        raise UnusableImageError(f"truncated or damaged {format_name}: {error}") from error


def _decoded(
    content: bytes,
    format_name: str,
    max_pixels: int,
    make: Callable[[Image.Image, str, bool], _Made],
) -> _Made:
    if format_name == "HEIF":
        add_heif()
    with Image.open(io.BytesIO(content), formats=[format_name]) as image:
        if image.width * image.height > max_pixels:
            raise _too_many_pixels(image.width * image.height, max_pixels)
        if format_name == "JPEG" and lacks_end(content):
            raise OSError("it ends before its pixels do")
        sixteen_bit = any("16" in str(tile.args) for tile in getattr(image, "tile", ()))
        image.load()
        return make(image, format_name, sixteen_bit)


def _mended(content: bytes, format_name: str) -> tuple[bytes | None, tuple[ImportNote, ...]]:
    """The file as it can be decoded, its pixels unchanged, with notes; None where it cannot."""
    if format_name == "JPEG":
        with suppress(*_DAMAGE):
            return completed(content), (ImportNote.NO_END,)
    if format_name == "PNG":
        smaller, texts, profile = without_metadata(content)
        notes = [ImportNote.TEXT_LEFT_OUT] * texts + [ImportNote.PROFILE_LEFT_OUT] * profile
        return (smaller if notes else None), tuple(notes)
    return None, ()


def _too_many_pixels(claimed: int | None, max_pixels: int) -> UnusableImageError:
    claim = "" if claimed is None else f": {claimed:,}"
    return UnusableImageError(f"too many pixels{claim} (at most {max_pixels:,})")


def _upright(image: Image.Image, _format_name: str, _sixteen_bit: bool) -> Image.Image:
    whole, _notes = in_eight_bits(image, (0, 0, *image.size))
    whole = turned(whole, orientation_of(image))
    return _on_white(_in_srgb(whole, image.info.get("icc_profile")))


def _normalised(
    image: Image.Image, format_name: str, sixteen_bit: bool, *, side: int
) -> NormalImage:
    orientation = orientation_of(image)
    square, notes = in_eight_bits(image, AnalysedSquare(*image.size).box)
    # Pillow weighs colour by opacity here, so that hidden colours do not bleed into edges.
    small = square.resize((side, side), Image.Resampling.LANCZOS)
    small = turned(small, orientation)
    width, height = image.size if orientation < 5 else (image.height, image.width)
    shown = _on_white(_in_srgb(small, image.info.get("icc_profile")))
    odd = {
        ImportNote.FIRST_FRAME: _has_further_frames(image, format_name),
        ImportNote.DARK: is_dark_sixteen_bit(image, sixteen_bit=sixteen_bit),
        ImportNote.TINY: min(image.size) < _TINY,
        ImportNote.ELONGATED: max(image.size) > _ELONGATED * min(image.size),
        ImportNote.ONE_COLOUR: _is_one_colour(shown),
    }
    return NormalImage(
        content=as_jpeg(shown),
        format=format_name,
        width=width,
        height=height,
        jpeg_quality=_jpeg_quality(image),
        perceptual_hash=perceptual_hash(shown),
        exposure=exposure(shown),
        taken=taken(image),
        notes=(*notes, *(note for note, is_so in odd.items() if is_so)),
    )


def _is_one_colour(image: Image.Image) -> bool:
    ranges: Any = image.getextrema()
    return all(high - low <= _SAME for low, high in ranges)


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


def as_jpeg(image: Image.Image) -> bytes:
    """Encode what is made of an original: nearly lossless, without metadata."""
    image.info = {}  # the encoder would carry a comment over
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=NORMAL_QUALITY, subsampling="4:4:4")
    return buffer.getvalue()


def _jpeg_quality(image: Image.Image) -> int | None:
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return None
    return estimate_quality(image.quantization)


def _has_further_frames(image: Image.Image, format_name: str) -> bool:
    # A JPEG's further frames are its own preview or depth map, not other pictures.
    if format_name == "JPEG":
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except _DAMAGE:
        return True  # what follows the first frame is damaged, so something does
