"""The outline of a pixel group as SVG path data, and the point for its label."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.pixel_groups import decode_mask


@lru_cache(maxsize=4096)
def outline(rle: str) -> str:
    """Closed paths around a mask, holes included, in pixels of the normalised image."""
    contours, _hierarchy = cv2.findContours(
        decode_mask(rle, NORMAL_SIZE), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1
    )
    return " ".join(
        "M" + " L".join(f"{x} {y}" for x, y in contour[:, 0]) + " Z" for contour in contours
    )


@lru_cache(maxsize=4096)
def label_point(rle: str) -> tuple[int, int]:
    """(x, y) of the mask's pixel that lies deepest inside it, in pixels of the normalised image."""
    mask = decode_mask(rle, NORMAL_SIZE).astype(np.uint8)
    # The image's own border counts as an edge: a label there would be cut off.
    depth = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(x), int(y)
