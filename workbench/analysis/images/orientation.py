"""EXIF orientation: how an image has to be turned to stand upright."""

from __future__ import annotations

import struct
from typing import Final

from PIL import Image

_EXIF_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BROKEN: Final = (OSError, SyntaxError, EOFError, ValueError, IndexError, KeyError, struct.error)


def orientation_of(image: Image.Image) -> int:
    """Read the orientation, from 1 (upright) to 8.

    Broken EXIF says nothing about the pixels: such an image is taken as it lies. (TIFF is already
    turned by its decoder, which removes the tag.)
    """
    try:
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
    except (*_BROKEN, TypeError):
        return 1
    return orientation if orientation in _UPRIGHT else 1


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Turn an image of this orientation upright."""
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image
