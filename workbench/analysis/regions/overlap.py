"""How far masks overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pycocotools import mask as coco

COVERS: Final = 0.5
"""Intersection over union from which on two masks are taken for the same thing, as usual (PASCAL
VOC, COCO)."""
LIES_ON: Final = 0.5
"""The share of a mask from which on it lies on another, and shows what the other shows."""
TOUCHES: Final = 0.1
"""From which on it may; below, they have nothing to do with each other."""


def overlaps(
    first: Sequence[str], second: Sequence[str], size: int
) -> Float[ndarray, "first second"]:
    """Intersection over union of masks of a square image of `size` px, given as run lengths.

    In [0, 1]; 0 for an empty mask.
    """
    return _shared(first, second, size, of_first=False)


def covered(
    first: Sequence[str], second: Sequence[str], size: int
) -> Float[ndarray, "first second"]:
    """The share of each of the first masks that lies in each of the second.

    In [0, 1]; 0 of an empty mask.
    """
    return _shared(first, second, size, of_first=True)


def _shared(
    first: Sequence[str], second: Sequence[str], size: int, *, of_first: bool
) -> Float[ndarray, "first second"]:
    if not first or not second:
        return np.zeros((len(first), len(second)))
    # A crowd, in the words of COCO, is one that the union is not taken with.
    crowd = [int(of_first)] * len(second)
    found = coco.iou(_masks(first, size), _masks(second, size), crowd)
    # Of two empty masks pycocotools gives no number.
    return np.nan_to_num(np.asarray(found, np.float64))


def _masks(some: Sequence[str], size: int) -> list[Any]:
    return [{"counts": rle.encode("ascii"), "size": [size, size]} for rle in some]
