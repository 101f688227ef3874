"""Fingerprints of pictures: near duplicates share one, however they were saved or scaled."""

from __future__ import annotations

import io
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BITS: Final = 64
_SIDE: Final = 28
"""Of the thumbnail: an eighth of the normalised image, which a JPEG decoder gives for nothing."""

Thumbnail = NDArray[np.float32]
"""(28, 28, 3), in grey levels from 0 to 255."""


def perceptual_hash(picture: Image.Image) -> int:
    """Compute the difference hash of a picture: 64 bits, signed as a database keeps them.

    Each bit says whether one of 9 x 8 fields is darker than its right neighbour (Krawetz, "Kind of
    like that", 2013). Saving, scaling and brightness change few of them.
    """
    grey = picture.convert("L").resize((9, 8), Image.Resampling.BOX)
    fields = np.asarray(grey, dtype=np.int16)
    return int(np.packbits(fields[:, 1:] > fields[:, :-1]).view(">i8")[0])


def hash_of(content: bytes) -> int:
    """The perceptual hash of a normalised image, from its JPEG."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
        return perceptual_hash(picture)


def thumbnail(content: bytes) -> Thumbnail:
    """A normalised image at an eighth of its size, from its JPEG."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
        picture.draft("RGB", (_SIDE, _SIDE))
        return np.asarray(picture.convert("RGB"), dtype=np.float32)


def difference(first: Thumbnail, second: Thumbnail) -> float:
    """How far two thumbnails differ, in units of their contrast: 0 for equal ones.

    Root mean square of the difference by the standard deviation within a colour; infinite where
    one of them is flat, and tells nothing.
    """
    contrast = min(float(each.std(axis=(0, 1)).mean()) for each in (first, second))
    if not contrast:
        return math.inf
    return float(np.sqrt(np.mean((first - second) ** 2))) / contrast
