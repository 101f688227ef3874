"""Masks as COCO run lengths."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, UInt8
from numpy import ndarray
from pycocotools import mask as coco


def run_lengths(mask: Bool[ndarray, "height width"] | UInt8[ndarray, "height width"]) -> str:
    """Encode a mask as compressed COCO run lengths, column by column."""
    encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8, copy=False)))
    return str(encoded["counts"], "ascii")  # type: ignore[arg-type]


def bounding_box(rle: str, height: int, width: int) -> tuple[int, int, int, int]:
    """(left, top, width, height) of a mask given as run lengths; zeros of an empty one."""
    box = coco.toBbox({"counts": rle.encode("ascii"), "size": [height, width]})
    left, top, across, down = (int(value) for value in box)
    return left, top, across, down


def decoded(rle: str, height: int, width: int) -> UInt8[ndarray, "height width"]:
    """Decode run lengths to a mask (0 or 1)."""
    mask: UInt8[ndarray, "height width"] = coco.decode(
        {"counts": rle.encode("ascii"), "size": [height, width]}
    )
    return mask
