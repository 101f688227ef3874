"""The outline of a pixel group as SVG path data."""

from __future__ import annotations

from functools import lru_cache

import cv2

from workbench.analysis.normalise import NORMAL_SIZE
from workbench.analysis.pixel_groups import decode_mask


@lru_cache(maxsize=4096)
def outline(rle: str) -> str:
    """Closed paths around a mask, holes included, in pixels of the normalised image."""
    contours, _hierarchy = cv2.findContours(
        decode_mask(rle, NORMAL_SIZE), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1
    )
    return " ".join(
        "M" + " L".join(f"{x} {y}" for x, y in contour[:, 0]) + " Z" for contour in contours
    )
