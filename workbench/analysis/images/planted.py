"""Planted patterns: photographs edited in one known region, in one known way.

Ground truth for detection, localisation and clustering. The edits are as weak as a frozen encoder
at 224 pixels can detect; people see them when they know where to look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter

Pixels = Float[np.ndarray, "h w 3"]
Plane = Float[np.ndarray, "h w"]
Edit = Callable[[Pixels, np.random.Generator], Pixels]

AREA: Final = (0.18, 0.24)
"""Smallest and largest share of the image that a region is drawn to cover."""

EDGE: Final = 0.05
"""Half the width of a region's soft edge, as a share of the image's side length."""

_REGIONS: Final = 8
_DETAIL_SIGMA: Final = 1.5
_NEAR_SIGMA: Final = 4.0
_DETAIL_FLOOR: Final = 2.0

_BLUR_SIGMA: Final = 2.8
_CHECKER_CELL: Final = 2
_CHECKER_AMPLITUDE: Final = 24.0
_MODE_WINDOW: Final = 11
_MODE_COLOURS: Final = 128
_CAST: Final = (22.0, -17.0, 22.0)
_NOISE_LEVEL: Final = 32.0
_NOISE_GRAIN: Final = 0.6


def plant(
    image: UInt8[np.ndarray, "h w 3"], kind: str, rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h w 3"], Plane]:
    """Apply the edit `kind` to one soft-edged region of a copy of `image`.

    Returns the edited image (0 to 255) and the mask in [0, 1]: the opacity of the edit in each
    pixel. The mask's mean, its area, is between 0.15 and 0.25. Of eight random regions the one with
    the most visible edit is taken: a blur of a black sky would be no edit, and grain on gravel
    cannot be seen. ValueError for a kind that is not in `KINDS`.
    """
    if kind not in _EDITS:
        raise ValueError(f"expected a kind among {', '.join(KINDS)}, got {kind!r}")
    pixels = image.astype(np.float64)
    change = np.clip(_EDITS[kind](pixels, rng), 0.0, 255.0) - pixels
    mask = _region_where_it_shows(pixels, change, rng)
    edited = np.rint(pixels + mask[..., None] * change)
    return edited.astype(np.uint8), mask


def soft_region(height: int, width: int, rng: np.random.Generator) -> Plane:
    """Draw an ellipse of random area, shape, angle and position, as a soft mask in [0, 1].

    It lies inside the image with its whole edge. Lengths are shares of height and width, so the
    area does not depend on the image's aspect ratio.
    """
    product = rng.uniform(*AREA) / np.pi
    ratio = np.exp(rng.uniform(-0.4, 0.4))
    major, minor = np.sqrt(product * ratio), np.sqrt(product / ratio)
    turn = rng.uniform(0.0, np.pi)
    reach = max(major, minor) * (1.0 + EDGE / np.sqrt(product))
    centre_y, centre_x = rng.uniform(reach, 1.0 - reach, size=2)
    y = (np.arange(height)[:, None] + 0.5) / height - centre_y
    x = (np.arange(width)[None, :] + 0.5) / width - centre_x
    along = (np.cos(turn) * x + np.sin(turn) * y) / major
    across = (np.cos(turn) * y - np.sin(turn) * x) / minor
    outside = (np.hypot(along, across) - 1.0) * np.sqrt(major * minor)
    inside = np.clip(0.5 - outside / (2.0 * EDGE), 0.0, 1.0)
    mask: Plane = inside * inside * (3.0 - 2.0 * inside)
    return mask


def _region_where_it_shows(pixels: Pixels, change: Pixels, rng: np.random.Generator) -> Plane:
    """Draw eight regions and take the one with the largest change relative to local detail."""
    grey = pixels.mean(axis=-1)
    detail = gaussian_filter(np.abs(grey - gaussian_filter(grey, _DETAIL_SIGMA)), _NEAR_SIGMA)
    visible = np.abs(change).mean(axis=-1) / (_DETAIL_FLOOR + detail)
    height, width = grey.shape
    regions = [soft_region(height, width, rng) for _ in range(_REGIONS)]
    return max(regions, key=lambda mask: float((mask * visible).sum() / mask.sum()))


def _blur(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Blur, as in the soft background of a generated image."""
    blurred: Pixels = gaussian_filter(pixels, sigma=(_BLUR_SIGMA, _BLUR_SIGMA, 0.0))
    return blurred


def _checkerboard(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Add a checkerboard, the artefact of transposed convolutions.

    Of 2 x 2 pixels: an encoder with patches of 14 pixels hardly detects single ones.
    """
    rows, columns = np.indices(pixels.shape[:2]) // _CHECKER_CELL
    sign = np.where((rows + columns) % 2 == 0, 1.0, -1.0)
    checkered: Pixels = pixels + _CHECKER_AMPLITUDE * sign[..., None]
    return checkered


def _mode_filter(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Replace each pixel by the most frequent palette colour around it: a painted, waxy look.

    The mode is of one palette, not channel by channel, which would invent colours.
    """
    palette = Image.fromarray(pixels.astype(np.uint8)).quantize(_MODE_COLOURS)
    filtered = np.asarray(palette.filter(ImageFilter.ModeFilter(_MODE_WINDOW)))
    colours = np.asarray(palette.getpalette(), dtype=np.float64).reshape(-1, 3)
    painted: Pixels = colours[filtered]
    return painted


def _colour_cast(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Shift colours toward magenta."""
    tinted: Pixels = pixels + np.array(_CAST)
    return tinted


def _sensor_noise(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Add noise that grows with brightness, as photon noise does, smoothed as by demosaicing."""
    sigma = (_NOISE_GRAIN, _NOISE_GRAIN, 0.0)
    grain = gaussian_filter(rng.standard_normal(pixels.shape), sigma=sigma)
    strength = _NOISE_LEVEL * np.sqrt(0.3 + 0.7 * pixels / 255.0)
    noisy: Pixels = pixels + strength * grain / grain.std()
    return noisy


_EDITS: Final[dict[str, Edit]] = {
    "blur": _blur,
    "checkerboard": _checkerboard,
    "mode_filter": _mode_filter,
    "colour_cast": _colour_cast,
    "sensor_noise": _sensor_noise,
}
KINDS: Final = tuple(_EDITS)
"""Names of the five edits."""
