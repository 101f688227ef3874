"""Edits as by resampling: upsampling gone wrong, and the wrong focus."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import convolve, gaussian_filter

from workbench.analysis.images.planted.arrays import Pixels

_BLUR_SIGMA: Final = 2.8
_CHECKER_CELL: Final = 2
_CHECKER_AMPLITUDE: Final = 24.0
_BLOCK: Final = 4
_RINGING_CUT: Final = 0.14
_RINGING_BAND: Final = 0.03
_RINGING_GAIN: Final = 2.0
_MOTION_LENGTH: Final = 11


def blur(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Blur, as in the soft background of a generated image."""
    blurred: Pixels = gaussian_filter(pixels, sigma=(_BLUR_SIGMA, _BLUR_SIGMA, 0.0))
    return blurred


def motion_blur(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Blur along one direction, as if this part alone had moved."""
    angle = rng.uniform(0.0, np.pi)
    kernel = np.zeros((_MOTION_LENGTH, _MOTION_LENGTH))
    steps = np.linspace(-0.5, 0.5, 4 * _MOTION_LENGTH) * (_MOTION_LENGTH - 1)
    middle = _MOTION_LENGTH // 2
    rows = np.rint(middle + np.sin(angle) * steps).astype(int)
    columns = np.rint(middle + np.cos(angle) * steps).astype(int)
    np.add.at(kernel, (rows, columns), 1.0 / len(steps))
    moved: Pixels = convolve(pixels, kernel[..., None], mode="mirror")
    return moved


def checkerboard(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Add a checkerboard, the artefact of transposed convolutions.

    Of 2 x 2 pixels: an encoder with patches of 14 pixels hardly detects single ones.
    """
    rows, columns = np.indices(pixels.shape[:2]) // _CHECKER_CELL
    sign = np.where((rows + columns) % 2 == 0, 1.0, -1.0)
    checkered: Pixels = pixels + _CHECKER_AMPLITUDE * sign[..., None]
    return checkered


def nearest_upsampling(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Reduce, and enlarge by repeating pixels: jagged edges."""
    height, width = pixels.shape[:2]
    more = ((0, -height % _BLOCK), (0, -width % _BLOCK), (0, 0))
    padded = np.pad(pixels, more, mode="edge")
    rows, columns = padded.shape[0] // _BLOCK, padded.shape[1] // _BLOCK
    small = padded.reshape(rows, _BLOCK, columns, _BLOCK, 3).mean(axis=(1, 3))
    jagged: Pixels = small.repeat(_BLOCK, axis=0).repeat(_BLOCK, axis=1)[:height, :width]
    return jagged


def ringing(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Cut high frequencies off abruptly, the last ones doubled: edges with echoes."""
    height, width = pixels.shape[:2]
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    gain = np.where(frequency <= _RINGING_CUT, 1.0, 0.0)
    gain[(frequency <= _RINGING_CUT) & (frequency > _RINGING_CUT - _RINGING_BAND)] = _RINGING_GAIN
    spectrum = np.fft.rfft2(pixels, axes=(0, 1)) * gain[..., None]
    rung: Pixels = np.fft.irfft2(spectrum, s=(height, width), axes=(0, 1))
    return rung
