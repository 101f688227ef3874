"""Regions of label sets on the pictures that they are of: as masks, run lengths and outlines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.analysis.images.analysed_square import AnalysedSquare
from workbench.analysis.regions.masks import decoded

Mask = NDArray[np.uint8]
Points = list[tuple[float, float]]
OUTLINED: Final = ("box", "polygon", "lasso")
"""Regions that were drawn so are written as outlines where a format has them."""


def mask_on(region: Mapping[str, Any], width: int, height: int) -> Mask:
    """A region over a picture of this size, 0 or 1.

    What lies over the analysed square is enlarged to its pixels.
    """
    across, down = region["size"]
    left, top, box_width, box_height = region["box"]
    plane = np.zeros((down, across), np.uint8)
    plane[top : top + box_height, left : left + box_width] = decoded(
        region["rle"], box_height, box_width
    )
    if region["on"] == "picture" and (across, down) == (width, height):
        return plane
    square = AnalysedSquare(width, height)
    rows = ((np.arange(square.side) + 0.5) * down / square.side).astype(np.intp)
    columns = ((np.arange(square.side) + 0.5) * across / square.side).astype(np.intp)
    mask = np.zeros((height, width), np.uint8)
    x, y, right, bottom = square.box
    mask[y:bottom, x:right] = plane[np.ix_(rows, columns)]
    return mask


def outlines_of(region: Mapping[str, Any], mask: Mask) -> list[Points] | None:
    """The outlines of a mask, in pixels; None where it was not drawn so, or has holes.

    They go around the pixels' outer edges, so that filling them gives these pixels.
    """
    if region["drawn_with"] not in OUTLINED:
        return None
    # On twice the size each pixel is a block, and the corners of contours are its corners.
    twice = np.kron(mask, np.ones((2, 2), np.uint8))
    contours, levels = cv2.findContours(twice, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not contours or (levels is not None and (levels[0, :, 3] >= 0).any()):
        return None
    found = []
    for contour in contours:
        points = contour[:, 0, :].astype(np.int64)
        # It runs through the outer half pixels: 2k is the left or upper half, 2k + 1 the other.
        edges = (points + 1) // 2
        if len(edges) < 3:
            return None
        found.append([(float(x), float(y)) for x, y in edges])
    return found
