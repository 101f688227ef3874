"""When a picture was taken, by what the camera wrote into its file (EXIF)."""

from __future__ import annotations

import struct
from typing import Final

from PIL import Image

_EXIF: Final = 0x8769
_ORIGINAL: Final = 0x9003
_DIGITIZED: Final = 0x9004
_BROKEN: Final = (OSError, SyntaxError, EOFError, ValueError, IndexError, KeyError, struct.error)


def taken(image: Image.Image) -> tuple[str, ...]:
    """When a picture was taken and when it was digitized, as it is written; what it says of these.

    Not when its file was changed: editors write that, and whoever makes copies.
    """
    try:
        told = image.getexif()
        by_camera = told.get_ifd(_EXIF) if _EXIF in told else {}
    except (*_BROKEN, TypeError):
        return ()
    found = (by_camera.get(tag) for tag in (_ORIGINAL, _DIGITIZED))
    return tuple(each.strip("\0 ") for each in found if isinstance(each, str))
