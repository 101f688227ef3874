"""Edits that put a part of a picture elsewhere: blending and repetition.

What is put elsewhere takes most of the light of the place where it comes to lie, as a careful
forger would see to; its detail gives it away.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from workbench.analysis.images.planted.arrays import (
    Pixels,
    Plane,
    displaced,
    light_and_detail,
    mirrored_index,
)

_GHOST_OPACITY: Final = 0.5
_GHOST_STEP: Final = 9
_FAR: Final = (0.25, 0.45)
"""Distance that content is moved by along each axis, as a share of the side."""
_LIGHT_SIGMA: Final = 8.0
_FOREIGN_LIGHT: Final = 0.3
_TILE: Final = 18
_TILE_SIGMA: Final = 5.0


def ghost(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Blend in the picture moved by some pixels: every edge twice."""
    down, right = rng.choice([-_GHOST_STEP, _GHOST_STEP], size=2)
    doubled: Pixels = (1.0 - _GHOST_OPACITY) * pixels
    return doubled + _GHOST_OPACITY * displaced(pixels, int(down), int(right))


def copy_move(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Repeat a part of the picture far from where it is."""
    return _in_the_light_of(pixels, _moved_far(pixels, rng))


def pasted_patch(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Put in a part of the picture from far away, with some of the light it had there: a seam."""
    return _in_the_light_of(pixels, _moved_far(pixels, rng), foreign=_FOREIGN_LIGHT)


def mirroring(pixels: Pixels, mask: Plane) -> Pixels:
    """Let the region repeat what lies beside it, mirrored at its left or right border."""
    width = pixels.shape[1]
    columns = np.flatnonzero((mask > 0.5).any(axis=0))
    first, last = int(columns[0]), int(columns[-1])
    # About the border that has more of the picture beyond it.
    axis_twice = 2 * first - 1 if first >= width - 1 - last else 2 * last + 1
    source = mirrored_index(axis_twice - np.arange(width), width)
    return _in_the_light_of(pixels, pixels[:, source])


def tiling(pixels: Pixels, mask: Plane) -> Pixels:
    """Repeat one small tile of the region's own texture all over it."""
    height, width = pixels.shape[:2]
    light, detail = light_and_detail(pixels, _TILE_SIGMA)
    rows, columns = np.nonzero(mask > 0.5)
    middle = len(rows) // 2
    top = max(0, min(int(rows[middle]) - _TILE // 2, height - _TILE))
    left = max(0, min(int(columns[middle]) - _TILE // 2, width - _TILE))
    down = top + (np.arange(height) - top) % min(_TILE, height)
    right = left + (np.arange(width) - left) % min(_TILE, width)
    tiled: Pixels = light + detail[down[:, None], right[None, :]]
    return tiled


def _moved_far(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    down, right = rng.uniform(*_FAR, size=2) * rng.choice([-1.0, 1.0], size=2)
    return displaced(pixels, round(down * height), round(right * width))


def _in_the_light_of(pixels: Pixels, content: Pixels, foreign: float = 0.0) -> Pixels:
    light = light_and_detail(pixels, _LIGHT_SIGMA)[0]
    own_light, detail = light_and_detail(content, _LIGHT_SIGMA)
    lit: Pixels = (1.0 - foreign) * light + foreign * own_light + detail
    return lit
