"""Planting: one edit in one region of a photograph."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import UInt8
from scipy.ndimage import gaussian_filter

from workbench.analysis.images.planted.arrays import Pixels, Plane
from workbench.analysis.images.planted.kinds import EDITS, FILLS, KINDS
from workbench.analysis.images.planted.regions import DrawRegion, soft_ellipse

_REGIONS: Final = 8
_DETAIL_SIGMA: Final = 1.5
_NEAR_SIGMA: Final = 4.0
_DETAIL_FLOOR: Final = 2.0


def plant(
    image: UInt8[np.ndarray, "h w 3"],
    kind: str,
    rng: np.random.Generator,
    draw: DrawRegion = soft_ellipse,
) -> tuple[UInt8[np.ndarray, "h w 3"], Plane]:
    """Apply the edit `kind` to one region of a copy of `image`.

    Returns the edited image (0 to 255) and the mask in [0, 1]: the opacity of the edit in each
    pixel. Of eight regions, drawn by `draw`, the one with the most visible edit is taken: a blur of
    a black sky would be no edit, and grain on gravel cannot be seen. Edits that are made for one
    region get the one with most detail. ValueError for a kind that is not in `KINDS`.
    """
    if kind not in KINDS:
        raise ValueError(f"expected a kind among {', '.join(KINDS)}, got {kind!r}")
    pixels = image.astype(np.float64)
    detail = _detail(pixels)
    if kind in EDITS:
        change = _within_range(EDITS[kind](pixels, rng)) - pixels
        visible = np.abs(change).mean(axis=-1) / (_DETAIL_FLOOR + detail)
        mask = _region_with_most(visible, draw, rng)
    else:
        mask = _region_with_most(detail, draw, rng)
        change = _within_range(FILLS[kind](pixels, mask)) - pixels
    edited = np.rint(pixels + mask[..., None] * change)
    return edited.astype(np.uint8), mask


def _within_range(pixels: Pixels) -> Pixels:
    clipped: Pixels = np.clip(pixels, 0.0, 255.0)
    return clipped


def _detail(pixels: Pixels) -> Plane:
    grey = pixels.mean(axis=-1)
    detail: Plane = gaussian_filter(
        np.abs(grey - gaussian_filter(grey, _DETAIL_SIGMA)), _NEAR_SIGMA
    )
    return detail


def _region_with_most(of: Plane, draw: DrawRegion, rng: np.random.Generator) -> Plane:
    height, width = of.shape
    regions = [draw(height, width, rng) for _ in range(_REGIONS)]
    return max(regions, key=lambda mask: float((mask * of).sum() / mask.sum()))
