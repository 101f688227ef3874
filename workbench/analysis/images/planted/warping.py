"""Edits that bend what is there."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter

from workbench.analysis.images.planted.arrays import Pixels, warped

_RIPPLE_AMPLITUDE: Final = 2.8
_RIPPLE_PERIOD: Final = 16.0
_JITTER: Final = 3.0
_JITTER_ROWS: Final = 2
_ELASTIC_SIGMA: Final = 7.0
_ELASTIC_AMPLITUDE: Final = 3.5


def ripple(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Bend lines into waves, both ways."""
    rows, columns = np.indices(pixels.shape[:2], dtype=np.float64)
    turn = 2.0 * np.pi / _RIPPLE_PERIOD
    down = _RIPPLE_AMPLITUDE * np.sin(turn * columns)
    return warped(pixels, down, _RIPPLE_AMPLITUDE * np.sin(turn * rows))


def row_jitter(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Move rows to the left and right, two at a time: frayed edges."""
    height, width = pixels.shape[:2]
    moves = rng.normal(0.0, _JITTER, size=-(-height // _JITTER_ROWS)).repeat(_JITTER_ROWS)[:height]
    right = np.broadcast_to(moves[:, None], (height, width))
    return warped(pixels, np.zeros((height, width)), right)


def elastic_warp(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Bend at random and smoothly: shapes that are nearly right."""
    down, right = rng.standard_normal((2, *pixels.shape[:2]))
    return warped(pixels, _smooth(down), _smooth(right))


def _smooth(noise: np.ndarray) -> np.ndarray:
    smooth = gaussian_filter(noise, _ELASTIC_SIGMA, mode="mirror")
    bent: np.ndarray = _ELASTIC_AMPLITUDE * smooth / smooth.std()
    return bent
