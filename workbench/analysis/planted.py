"""Planted patterns: photographs changed in one region that is known, in one way that is known.

What is found in such images can be held to the truth: where the change is, and of which kind.
The edits are strong enough to be told at 224 pixels and are meant to be hard for the eye.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter

Pixels = Float[np.ndarray, "h w 3"]
Mask = Float[np.ndarray, "h w"]
Edit = Callable[[Pixels, np.random.Generator], Pixels]

AREA: Final = (0.16, 0.24)
"""Smallest and largest share of the image that the region is drawn to cover."""

EDGE: Final = 0.05
"""Half the width of the soft edge, as a share of the image's side."""

_MIN_CHANGE: Final = 3.0
_CANDIDATES: Final = 12
_BLUR_SIGMA: Final = 1.6
_MODE_WINDOW: Final = 7
_MODE_COLOURS: Final = 128
_CHECKER_CELL: Final = 2
_CHECKER_AMPLITUDE: Final = 7.0
_CAST: Final = (11.0, -9.0, 11.0)
_NOISE_LEVEL: Final = 11.0
_NOISE_GRAIN: Final = 0.6


def plant(
    image: UInt8[np.ndarray, "h w 3"], kind: str, rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h w 3"], Mask]:
    """Edit one soft-edged region of `image` in the way that `kind` names.

    Returns the edited image (0 to 255) and the mask in [0, 1]: the share of the edit in each
    pixel. The mask's mean, its area, is within 0.15 and 0.25. Of up to twelve regions drawn, the
    first in which the edit shows is taken (a blur of a black sky would be no edit); where it
    shows in none, the one in which it changes most. The caller's image is left as it is.

    Raises ValueError for a kind that is not in `KINDS`.
    """
    if kind not in _EDITS:
        raise ValueError(f"expected a kind among {', '.join(KINDS)}, got {kind!r}")
    pixels = image.astype(np.float64)
    change = np.clip(_EDITS[kind](pixels, rng), 0.0, 255.0) - pixels
    mask = _region_where_it_shows(change, rng)
    edited = np.rint(pixels + mask[..., None] * change)
    return edited.astype(np.uint8), mask


def soft_region(height: int, width: int, rng: np.random.Generator) -> Mask:
    """Draw an ellipse of random area, shape, turn and place, as a mask in [0, 1] of soft edge.

    It lies inside the image with its whole edge. Lengths are shares of height and width, so the
    area does not depend on the image's proportions.
    """
    product = rng.uniform(*AREA) / np.pi
    ratio = np.exp(rng.uniform(-0.4, 0.4))
    major, minor = np.sqrt(product * ratio), np.sqrt(product / ratio)
    turn = rng.uniform(0.0, np.pi)
    reach = max(major, minor) + EDGE
    centre_y, centre_x = rng.uniform(min(reach, 0.5), max(1.0 - reach, 0.5), size=2)
    y = (np.arange(height)[:, None] + 0.5) / height - centre_y
    x = (np.arange(width)[None, :] + 0.5) / width - centre_x
    along = (np.cos(turn) * x + np.sin(turn) * y) / major
    across = (np.cos(turn) * y - np.sin(turn) * x) / minor
    outside = (np.hypot(along, across) - 1.0) * np.sqrt(major * minor)
    inside = np.clip(0.5 - outside / (2.0 * EDGE), 0.0, 1.0)
    return inside * inside * (3.0 - 2.0 * inside)


def _region_where_it_shows(change: Pixels, rng: np.random.Generator) -> Mask:
    """Draw regions until the mean absolute change inside one is `_MIN_CHANGE` levels or more."""
    visible = np.abs(change).mean(axis=-1)
    best, most = soft_region(*visible.shape, rng), -1.0
    for _ in range(_CANDIDATES):
        mask = soft_region(*visible.shape, rng)
        inside = float((mask * visible).sum() / mask.sum())
        if inside > most:
            best, most = mask, inside
        if inside >= _MIN_CHANGE:
            break
    return best


def _blur(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """A Gaussian blur: the softness of a background that was made up."""
    return gaussian_filter(pixels, sigma=(_BLUR_SIGMA, _BLUR_SIGMA, 0.0))


def _checkerboard(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Alternating cells, brighter and darker, as a transposed convolution leaves them.

    Cells of two pixels, not of one, so that resizing to 224 does not wash them out.
    """
    rows, columns = np.indices(pixels.shape[:2]) // _CHECKER_CELL
    sign = np.where((rows + columns) % 2 == 0, 1.0, -1.0)
    return pixels + _CHECKER_AMPLITUDE * sign[..., None]


def _mode_filter(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """The commonest palette colour around each pixel: painted, waxen smoothness.

    The mode is taken over one palette, not channel by channel, which would invent colours.
    """
    palette = Image.fromarray(pixels.astype(np.uint8)).quantize(_MODE_COLOURS)
    filtered = np.asarray(palette.filter(ImageFilter.ModeFilter(_MODE_WINDOW)))
    colours = np.asarray(palette.getpalette(), dtype=np.float64).reshape(-1, 3)
    return colours[filtered]


def _colour_cast(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """A shift toward magenta, a tint that daylight does not give."""
    return pixels + np.array(_CAST)


def _sensor_noise(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Grain that grows with brightness, as photon noise does, slightly blurred as by demosaicing."""
    grain = gaussian_filter(
        rng.standard_normal(pixels.shape), sigma=(_NOISE_GRAIN, _NOISE_GRAIN, 0.0)
    )
    grain /= grain.std()
    return pixels + _NOISE_LEVEL * np.sqrt(0.3 + 0.7 * pixels / 255.0) * grain


_EDITS: Final[dict[str, Edit]] = {
    "blur": _blur,
    "checkerboard": _checkerboard,
    "mode_filter": _mode_filter,
    "colour_cast": _colour_cast,
    "sensor_noise": _sensor_noise,
}
KINDS: Final = tuple(_EDITS)
"""The five ways in which a region can be changed."""
