"""How bright and how sharp a picture is, whatever it shows."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

_DARKEST: Final = 0.05
_BRIGHTEST: Final = 0.99
"""Shares of the pixels: single ones, such as a lamp or a caption, tell nothing of a picture."""


@dataclass(frozen=True)
class Exposure:
    """Of a normalised picture, so that size and format play no part.

    brightness: mean grey level, from 0 to 1.
    darkest, brightest: the 5th and the 99th percentile of the grey levels.
    sharpness: logarithm to base 10 of the variance of the Laplacian (Pech-Pacheco et al., 2000)
        as a part of that of the grey levels, so that contrast plays no part; -2 for one colour.
    """

    brightness: float
    darkest: float
    brightest: float
    sharpness: float


def exposure(picture: Image.Image) -> Exposure:
    """Measure a picture."""
    levels = picture.convert("L")
    counts = np.cumsum(levels.histogram())
    grey = np.asarray(levels, np.float32)
    laplacian = (
        grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    )
    return Exposure(
        brightness=float(grey.mean()) / 255,
        darkest=int(np.searchsorted(counts, _DARKEST * counts[-1])) / 255,
        brightest=int(np.searchsorted(counts, _BRIGHTEST * counts[-1])) / 255,
        sharpness=math.log10((float(laplacian.var()) + 0.01) / (float(grey.var()) + 1)),
    )


def exposure_of(content: bytes) -> Exposure:
    """Measure a normalised image, from its JPEG."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
        return exposure(picture)
