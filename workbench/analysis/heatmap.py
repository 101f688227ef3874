"""Heatmaps: contributions as grey levels, and the colour map for them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

ZERO = 128
"""The grey level of a contribution of exactly 0."""
STEPS = 127
"""Grey levels on either side of `ZERO`: level 1 is -scale, 255 is +scale, 0 is never used."""

# (share of the scale, red, green, blue) toward real and toward fake. Over white each side darkens
# and over black each side brightens from 0 to its end, so it is legible on any image.
_TOWARD_REAL = ((0.0, 120, 180, 240), (1.0, 24, 96, 190))
_TOWARD_FAKE = ((0.0, 255, 178, 92), (1.0, 232, 98, 0))
_STRONGEST_OPACITY = 0.92
_OPACITY_POWER = 1.3
"""Above 1, so that weak contributions hide little of the image."""


def contribution_map(
    token_maps: NDArray[np.float32],
    logit_weights: NDArray[np.float32],
    dimension: int | None,
    size: int,
) -> NDArray[np.float32]:
    """Compute an image's contributions, (size, size), in logits per patch, + toward fake.

    `token_maps` is (K, patch), `logit_weights` (K); dimension None sums over all of them. Bicubic:
    the value at a patch's centre is that patch's contribution.
    """
    contributions = token_maps * logit_weights[:, None]
    chosen = contributions.sum(axis=0) if dimension is None else contributions[dimension]
    side = round(len(chosen) ** 0.5)
    square = chosen.reshape(side, side).astype(np.float32)
    return np.asarray(cv2.resize(square, (size, size), interpolation=cv2.INTER_CUBIC))


def grey_levels(contributions: NDArray[np.float32], scale: float) -> NDArray[np.uint8]:
    """Quantise contributions to levels 1 to 255, linearly, 128 for 0, clipped to ± `scale`.

    Less than half a step from 0 becomes 128 too.
    """
    shares = np.clip(contributions / scale, -1.0, 1.0)
    levels: NDArray[np.uint8] = (np.rint(shares * STEPS) + ZERO).astype(np.uint8)
    return levels


def _ramp() -> NDArray[np.uint8]:
    shares = (np.arange(256) - ZERO) / STEPS
    strength = np.clip(np.abs(shares), 0.0, 1.0)
    colours = np.empty((256, 4), dtype=np.float64)
    for side, stops in ((shares < 0, _TOWARD_REAL), (shares >= 0, _TOWARD_FAKE)):
        positions = [stop[0] for stop in stops]
        for channel in range(3):
            values = [stop[channel + 1] for stop in stops]
            colours[side, channel] = np.interp(strength[side], positions, values)
    colours[:, 3] = 255 * _STRONGEST_OPACITY * strength**_OPACITY_POWER
    colours[ZERO] = 0
    return np.rint(colours).astype(np.uint8)


RAMP = _ramp()
"""(256, RGBA): the colour map from grey levels, not premultiplied. Level 128 is transparent.

The one definition of it: the page's script and the legend are given its values.
"""
RAMP.setflags(write=False)
