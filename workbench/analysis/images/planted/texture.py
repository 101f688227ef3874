"""Edits of texture: too little of it, too much, or one that repeats."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter

from workbench.analysis.images.planted.arrays import Pixels

_MODE_WINDOW: Final = 11
_MODE_COLOURS: Final = 128
_NOISE_LEVEL: Final = 32.0
_NOISE_GRAIN: Final = 0.6
_SMOOTHING_COLOUR: Final = 90.0
_SMOOTHING_SPACE: Final = 6.0
_SHARPENING: Final = 2.2
_SHARPENING_SIGMA: Final = 1.6
_PEAK_PERIOD: Final = 5.0
_PEAK_AMPLITUDE: Final = 12.0
_BAYER_CELL: Final = 2
_BAYER_GREEN: Final = 14.0


def mode_filter(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Replace each pixel by the most frequent palette colour around it: a painted, waxy look.

    The mode is of one palette, not channel by channel, which would invent colours.
    """
    palette = Image.fromarray(pixels.astype(np.uint8)).quantize(_MODE_COLOURS)
    filtered = np.asarray(palette.filter(ImageFilter.ModeFilter(_MODE_WINDOW)))
    colours = np.asarray(palette.getpalette(), dtype=np.float64).reshape(-1, 3)
    painted: Pixels = colours[filtered]
    return painted


def sensor_noise(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Add noise that grows with brightness, as photon noise does, smoothed as by demosaicing."""
    sigma = (_NOISE_GRAIN, _NOISE_GRAIN, 0.0)
    grain = gaussian_filter(rng.standard_normal(pixels.shape), sigma=sigma)
    strength = _NOISE_LEVEL * np.sqrt(0.3 + 0.7 * pixels / 255.0)
    noisy: Pixels = pixels + strength * grain / grain.std()
    return noisy


def over_smoothing(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Smooth within edges, as a beauty filter does."""
    smooth = cv2.bilateralFilter(pixels.astype(np.float32), -1, _SMOOTHING_COLOUR, _SMOOTHING_SPACE)
    return smooth.astype(np.float64)


def over_sharpening(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Mask unsharply, too much: halos along edges."""
    soft = gaussian_filter(pixels, sigma=(_SHARPENING_SIGMA, _SHARPENING_SIGMA, 0.0))
    sharp: Pixels = pixels + _SHARPENING * (pixels - soft)
    return sharp


def spectral_peaks(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Add two plane waves: the peaks in the spectrum of many generators."""
    rows, columns = np.indices(pixels.shape[:2])
    turn = 2.0 * np.pi / _PEAK_PERIOD
    waves = np.sin(turn * (0.8 * rows + 0.6 * columns)) + np.sin(
        turn * (0.6 * rows - columns * 0.8)
    )
    peaked: Pixels = pixels + _PEAK_AMPLITUDE * waves[..., None]
    return peaked


def demosaicing(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Sample colours by a Bayer grid and interpolate them badly: a mesh, coloured edges.

    Cells of 2 x 2 pixels, as of a checkerboard; one of the two greens is brighter.
    """
    rows, columns = np.indices(pixels.shape[:2]) // _BAYER_CELL % 2
    samples = {0: (rows + columns) == 0, 1: (rows + columns) == 1, 2: (rows + columns) == 2}
    seen = pixels + _BAYER_GREEN * np.where((rows + columns) == 1, rows - columns, 0)[..., None]
    channels = []
    for channel, sample in samples.items():
        weight = gaussian_filter(sample.astype(np.float64), _BAYER_CELL)
        channels.append(gaussian_filter(seen[..., channel] * sample, _BAYER_CELL) / weight)
        channels[-1] = np.where(sample, seen[..., channel], channels[-1])
    mosaic: Pixels = np.stack(channels, axis=-1)
    return mosaic
