"""Edits of colour."""

from __future__ import annotations

from typing import Final

import numpy as np

from workbench.analysis.images.planted.arrays import Pixels, displaced, luma

_CAST: Final = (22.0, -17.0, 22.0)
_SHIFT: Final = (1, 3)
_STEP: Final = 36.0
_SATURATION: Final = 0.2


def colour_cast(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Shift colours toward magenta."""
    tinted: Pixels = pixels + np.array(_CAST)
    return tinted


def chromatic_shift(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Move red and blue apart: coloured fringes."""
    down, right = _SHIFT
    red, blue = displaced(pixels, down, right), displaced(pixels, -down, -right)
    shifted: Pixels = np.stack([red[..., 0], pixels[..., 1], blue[..., 2]], axis=-1)
    return shifted


def posterising(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Leave few levels a channel: bands where there was a gradient."""
    bands: Pixels = np.rint(pixels / _STEP) * _STEP
    return bands


def desaturation(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Take most of the colour away."""
    grey = luma(pixels)[..., None]
    faded: Pixels = grey + _SATURATION * (pixels - grey)
    return faded
