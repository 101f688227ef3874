"""Images of which there is little to see: very small, dark, bright or blurred."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

SMALL: Final = 64
"""Pixels of the shorter side; what is analysed is enlarged to 224, so that one in 12 is seen."""

DARK: Final = 0.32
"""The 99th percentile of the grey levels: the brightest of an image is darker than that.

As by CleanVision. Of 240 faces and photographs of four sets the darkest has 0.45.
"""

BRIGHT: Final = 0.75
"""The 5th percentile of the grey levels: the darkest is brighter. Of the same images, 0.58 at most.
"""

BLURRED: Final = -2.1
"""Sharpness. Of the same images in their own size the least sharp has -1.9, and those of generators
that gave 128 px down to -2.4; blurred by a Gaussian of 2 px, 99% are below -2.1, by 1 px 20%.
"""

Found = Integer[ndarray, " found"]


def small(sides: Integer[ndarray, " image"]) -> Found:
    """Which images are very small, the smallest first."""
    return _below(sides.astype(np.float64), float(SMALL))


def dark(brightest: Float[ndarray, " image"]) -> Found:
    """Which images are very dark, the darkest first."""
    return _below(brightest, DARK)


def bright(darkest: Float[ndarray, " image"]) -> Found:
    """Which images are very bright, the brightest first."""
    return _below(-darkest, -BRIGHT)


def blurred(sharpness: Float[ndarray, " image"]) -> Found:
    """Which images are blurred, the least sharp first."""
    return _below(sharpness, BLURRED)


def _below(values: Float[ndarray, " image"], limit: float) -> Found:
    # What was not measured is not a number, and below nothing.
    found = np.flatnonzero(values < limit)
    return found[np.argsort(values[found], kind="stable")]
