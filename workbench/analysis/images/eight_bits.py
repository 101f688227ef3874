"""Pixels of every kind with 8 bits per channel: which range means black to white."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from workbench.analysis.images.file_types import UnusableImageError
from workbench.analysis.images.notes import ImportNote

_SIXTEEN_BIT: Final = ("I;16", "I;16B", "I;16L", "I;16N")
_FULL: Final = 2**16 - 1
_NARROW: Final = 2**14
"""Values below it leave the upper bits unused: cameras and scanners write 10, 12 and 14 bits so."""
_STRIP: Final = 256

Values = NDArray[Any]
Notes = tuple[ImportNote, ...]


def in_eight_bits(
    image: Image.Image, region: tuple[int, int, int, int]
) -> tuple[Image.Image, Notes]:
    """A region in L, RGB, RGBA or CMYK with 8 bits per channel; and what was made of its range.

    The range is that of the whole image. Raises UnusableImageError for pixels without one.
    """
    part = image if region == (0, 0, *image.size) else image.crop(region)
    if image.mode in (*_SIXTEEN_BIT, "I"):
        # Pillow has no extremes of big-endian values.
        low, high = _range(image.convert("I") if image.mode == "I;16B" else image)
        return _of_integers(part, int(low), int(high))
    if image.mode == "F":
        return _of_floats(part, *_range(image))
    if image.mode == "LAB":
        return _of_lab(part), ()
    if image.has_transparency_data:
        return part.convert("RGBA"), ()
    if image.mode in ("L", "CMYK"):
        return part, ()
    return part.convert("L" if image.mode == "1" else "RGB"), ()


def is_dark_sixteen_bit(image: Image.Image, *, sixteen_bit: bool) -> bool:
    """Whether a colour image of 16 bits, of which the decoder keeps 8, uses the lowest alone."""
    if not sixteen_bit or image.mode not in ("RGB", "RGBA"):
        return False
    return 0 < max(high for _, high in map(_range, image.convert("RGB").split())) < _NARROW >> 8


def _range(image: Image.Image) -> tuple[float, float]:
    """Lowest and highest value of an image of one channel."""
    low, high = cast("tuple[float, float]", image.getextrema())
    return float(low), float(high)


def _of_integers(image: Image.Image, low: int, high: int) -> tuple[Image.Image, Notes]:
    if low < 0 or high > _FULL:
        raise UnusableImageError(
            f"32-bit integers from {low:,} to {high:,} have no defined brightness"
        )
    stretched = 255 < high < _NARROW or (image.mode == "I" and high <= 255)
    full = 2 ** max(high.bit_length(), 8) - 1 if high < _NARROW else _FULL
    # Rounded as by libpng's png_set_scale_16.
    scaled = _in_strips(image, lambda values: (values.astype(np.uint32) * 255 + full // 2) // full)
    return scaled, (ImportNote.STRETCHED,) if stretched else ()


def _of_floats(image: Image.Image, low: float, high: float) -> tuple[Image.Image, Notes]:
    if not (math.isfinite(low) and math.isfinite(high) and low >= 0 and high <= 1):
        raise UnusableImageError(
            f"floating-point values from {low:g} to {high:g} have no defined brightness"
        )
    scaled = _in_strips(image, _brightness)
    return scaled, (ImportNote.FLOATS,)


def _brightness(values: Values) -> Values:
    if np.isnan(values).any():
        raise UnusableImageError("some of its floating-point values are no numbers")
    return values * 255 + 0.5


def _in_strips(image: Image.Image, scale: Callable[[Values], Values]) -> Image.Image:
    """Scale strip by strip, because the numbers take several times the room meanwhile."""
    scaled = Image.new("L", image.size)
    for top in range(0, image.height, _STRIP):
        bottom = min(top + _STRIP, image.height)
        values = scale(np.asarray(image.crop((0, top, image.width, bottom))))
        scaled.paste(Image.fromarray(values.astype(np.uint8)), (0, top))
    return scaled


def _of_lab(image: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    if converted is None:
        raise UnusableImageError("its LAB colours cannot be converted")
    return converted
