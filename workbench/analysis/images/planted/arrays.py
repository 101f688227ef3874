"""What edits are made of: arrays of floats, grey levels, 0 to 255."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

Pixels = Float[np.ndarray, "h w 3"]
Plane = Float[np.ndarray, "h w"]

Edit = Callable[[Pixels, np.random.Generator], Pixels]
"""Of a whole picture, whatever the region."""

Fill = Callable[[Pixels, Plane], Pixels]
"""Of one region, made from what lies around it."""


def luma(pixels: Pixels) -> Plane:
    """Compute the brightness of each pixel (ITU-R BT.601)."""
    grey: Plane = pixels @ np.array([0.299, 0.587, 0.114])
    return grey


def as_bytes(pixels: Pixels) -> NDArray[np.uint8]:
    """Round to whole grey levels, for libraries that take nothing else."""
    levels: NDArray[np.uint8] = np.rint(np.clip(pixels, 0.0, 255.0)).astype(np.uint8)
    return levels


def displaced(pixels: Pixels, down: int, right: int) -> Pixels:
    """Move the picture by whole pixels; what comes in is mirrored at the border."""
    height, width = pixels.shape[:2]
    moved: Pixels = pixels[
        mirrored_index(np.arange(height) - down, height)[:, None],
        mirrored_index(np.arange(width) - right, width)[None, :],
    ]
    return moved


def warped(pixels: Pixels, down: Plane, right: Plane) -> Pixels:
    """Take each pixel from a displaced position, interpolated linearly, mirrored at the border."""
    rows, columns = np.indices(pixels.shape[:2])
    at = [rows + down, columns + right]
    channels = [map_coordinates(pixels[..., c], at, order=1, mode="mirror") for c in range(3)]
    taken: Pixels = np.stack(channels, axis=-1)
    return taken


def mirrored_index(index: Int[np.ndarray, " n"], size: int) -> Int[np.ndarray, " n"]:
    """Fold positions outside of an axis back into it, as if there were a mirror at each end."""
    folded = np.abs(index) % max(2 * size - 2, 1)
    inside: Int[np.ndarray, " n"] = np.where(folded < size, folded, 2 * size - 2 - folded)
    return inside


def light_and_detail(pixels: Pixels, sigma: float) -> tuple[Pixels, Pixels]:
    """Split a picture into its smooth part and the rest."""
    light = gaussian_filter(pixels, sigma=(sigma, sigma, 0.0))
    return light, pixels - light
