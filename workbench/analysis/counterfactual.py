"""Counterfactual edits of an image: a region removed, and random regions as control."""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

Fill = Literal["inpaint", "blur", "mean"]
FILLS: tuple[str, ...] = get_args(Fill)
_INPAINT_RADIUS = 5
_BLUR_SIGMA = 9.0
_MARGIN = 2
"""Pixels by which a region is widened before it is filled, so that its rim does not survive."""
_DRAWS = 12


def remove_region(
    pixels: UInt8[ndarray, "height width 3"], mask: UInt8[ndarray, "height width"], fill: Fill
) -> UInt8[ndarray, "height width 3"]:
    """The image without what lies under the mask (0 or 1).

    `inpaint` continues the surroundings (Telea 2004, OpenCV), `blur` takes the detail away,
    `mean` paints the image's mean colour. A mask that covers everything leaves nothing to
    continue from: inpainting then paints the mean colour too.
    """
    size = 2 * _MARGIN + 1
    hole = cv2.dilate(mask, np.ones((size, size), np.uint8))
    if fill == "inpaint" and not hole.all():
        return np.asarray(
            cv2.inpaint(pixels, hole, _INPAINT_RADIUS, cv2.INPAINT_TELEA), dtype=np.uint8
        )
    if fill == "blur":
        filling = cv2.GaussianBlur(pixels, (0, 0), _BLUR_SIGMA)
    else:
        filling = np.broadcast_to(pixels.mean(axis=(0, 1)), pixels.shape)
    return np.where(hole[..., None] > 0, filling, pixels).astype(np.uint8)


def with_controls(
    pixels: UInt8[ndarray, "height width 3"],
    mask: UInt8[ndarray, "height width"],
    fill: Fill,
    *,
    controls: int,
    seed: int,
) -> list[UInt8[ndarray, "height width 3"]]:
    """The image without the region, then without each of `controls` regions like it elsewhere."""
    regions = [mask, *random_regions(mask, controls, seed=seed)]
    return [remove_region(pixels, region, fill) for region in regions]


def random_regions(
    mask: UInt8[ndarray, "height width"], count: int, *, seed: int
) -> list[UInt8[ndarray, "height width"]]:
    """`count` regions of the same shape and area elsewhere in the image.

    The mask is moved (over the border it comes in again at the other side) and mirrored; of a
    dozen random places each time, the one is taken that overlaps the original least.
    """
    generator = np.random.default_rng(seed)
    return [_elsewhere(mask, generator) for _ in range(count)]


def _elsewhere(
    mask: UInt8[ndarray, "height width"], generator: np.random.Generator
) -> UInt8[ndarray, "height width"]:
    height, width = mask.shape
    candidates = []
    for _ in range(_DRAWS):
        mirrored = mask[:, ::-1] if generator.random() < 0.5 else mask
        shift = (int(generator.integers(height)), int(generator.integers(width)))
        candidates.append(np.roll(mirrored, shift, axis=(0, 1)))
    # Without a little chance among the far ones, every control would sit in the same corner.
    candidates.sort(key=lambda moved: int((moved & mask).sum()))
    return candidates[int(generator.integers(3))]
