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
_LEVELS: Final = np.arange(256, dtype=np.float64)


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
    histogram = np.array(levels.histogram(), np.float64)
    total = histogram.sum()
    mean = float(histogram @ _LEVELS) / total
    variance = float(histogram @ (_LEVELS - mean) ** 2) / total
    counts = np.cumsum(histogram)
    return Exposure(
        brightness=mean / 255,
        darkest=int(np.searchsorted(counts, _DARKEST * total)) / 255,
        brightest=int(np.searchsorted(counts, _BRIGHTEST * total)) / 255,
        sharpness=math.log10((_laplacian_variance(levels) + 0.01) / (variance + 1)),
    )


def _laplacian_variance(levels: Image.Image) -> float:
    # In the narrowest integers that hold it: this is done for every image that comes in.
    grey = np.asarray(levels).astype(np.int16)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1]
    laplacian += grey[1:-1, :-2]
    laplacian += grey[1:-1, 2:]
    laplacian -= 4 * grey[1:-1, 1:-1]
    return float(laplacian.astype(np.float32).var())


def exposure_of(content: bytes) -> Exposure:
    """Measure a normalised image, from its JPEG."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
        return exposure(picture)
