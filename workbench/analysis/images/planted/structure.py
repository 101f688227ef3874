"""Edits that lose structure, or let it grow together."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from scipy.ndimage import grey_closing

from workbench.analysis.images.planted.arrays import Pixels, Plane, as_bytes

_FILL_RADIUS: Final = 5
_CLOSING_RADIUS: Final = 3


def missing_structure(pixels: Pixels, mask: Plane) -> Pixels:
    """Fill the region from its border (Telea's inpainting): what was there is gone."""
    hole = (mask > 0.0).astype(np.uint8)
    filled = cv2.inpaint(as_bytes(pixels), hole, _FILL_RADIUS, cv2.INPAINT_TELEA)
    return filled.astype(np.float64)


def merged_structure(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Close dark gaps, so that bright things side by side become one, like fingers."""
    rows, columns = np.indices((2 * _CLOSING_RADIUS + 1,) * 2) - _CLOSING_RADIUS
    disc = np.hypot(rows, columns) <= _CLOSING_RADIUS + 0.5
    channels = [grey_closing(pixels[..., c], footprint=disc, mode="mirror") for c in range(3)]
    merged: Pixels = np.stack(channels, axis=-1)
    return merged
