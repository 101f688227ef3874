"""Traces that saving and scaling leave in the pixels of an original, whatever it shows."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PIL import Image

from workbench.analysis.hygiene.compression import BLOCK, coarser_step, earlier_jpeg, table_of
from workbench.analysis.images.file_types import sniff
from workbench.analysis.images.jpeg_quality import estimate_quality

SIDE: Final = 256
"""Largest side of the part of the original that is looked at, in its middle."""
_LOSSY: Final = ("JPEG", "MPO")
"""Their own steps are known, and their own grid."""
_BORDER: Final = 0.02

Grey = Float[ndarray, "row column"]

OF_FILES: Final = {
    "jpeg": ("quality", "luminance_table", "chrominance_table", "subsampling"),
    "compression_history": ("earlier_jpeg", "coarser_step"),
    "borders": ("uniform_border", "dark_border"),
}
"""Measures of how an image was saved and framed, by family: no trace of what made the image."""

OF_PICTURES: Final = {
    "resampling": ("periodicity_across", "periodicity_down", "fine_detail"),
    "colour": ("red", "green", "blue", "saturation", "contrast"),
}
"""Measures that a generator may change itself: its upsampling, its palette."""

MEASURES: Final = tuple(name for family in (OF_FILES | OF_PICTURES).values() for name in family)


def traces(content: bytes) -> dict[str, float]:
    """Measure the traces in an image file, as it was before any normalisation.

    Raises UnusableImageError for other types of files, and what Pillow raises for broken ones.
    """
    with Image.open(io.BytesIO(content), formats=[sniff(content)]) as image:
        found = _of_jpeg(image)
        lossy = image.format in _LOSSY
        colour = np.asarray(_middle(image).convert("RGB"), np.float32)
        steps = table_of(image.quantization[0]) if lossy else None  # type: ignore[attr-defined]
    grey = colour @ np.array([0.299, 0.587, 0.114], np.float32)
    history = {
        "earlier_jpeg": earlier_jpeg(grey, own_grid=lossy),
        "coarser_step": 0.0 if steps is None else coarser_step(grey, steps),
    }
    return found | history | _resampling(grey) | _colours(colour) | _borders(grey)


def _middle(image: Image.Image) -> Image.Image:
    """The middle of the image; its corner stays on the grid of 8 x 8 blocks."""
    left = max(image.width - SIDE, 0) // 2 // BLOCK * BLOCK
    top = max(image.height - SIDE, 0) // 2 // BLOCK * BLOCK
    return image.crop((left, top, min(left + SIDE, image.width), min(top + SIDE, image.height)))


def _of_jpeg(image: Image.Image) -> dict[str, float]:
    tables = getattr(image, "quantization", None) or {}
    sums = [float(sum(tables[each])) for each in sorted(tables)]
    layers = getattr(image, "layer", ())
    return {
        "quality": float(estimate_quality(tables) or -1),
        "luminance_table": sums[0] if sums else -1.0,
        "chrominance_table": sums[1] if len(sums) > 1 else -1.0,
        "subsampling": float(layers[0][1] * 10 + layers[0][2]) if layers else -1.0,
    }


def _resampling(grey: Grey) -> dict[str, float]:
    """How periodic the second differences are (Gallagher 2005), and how fine the detail is."""
    if min(grey.shape) < BLOCK:
        return dict.fromkeys(OF_PICTURES["resampling"], 0.0)
    return {
        "periodicity_across": _periodicity(np.abs(np.diff(grey, 2, axis=1)).mean(axis=0)),
        "periodicity_down": _periodicity(np.abs(np.diff(grey, 2, axis=0)).mean(axis=1)),
        "fine_detail": _fine_detail(grey),
    }


def _periodicity(signal: Float[ndarray, " position"]) -> float:
    if len(signal) < 32:
        return 0.0
    spectrum = np.abs(np.fft.rfft(signal - signal.mean()))
    high = spectrum[len(spectrum) // 8 :]
    # JPEG's blocks have peaks of their own, at every eighth of the sampling frequency.
    frequency = np.linspace(0, 0.5, len(spectrum))[len(spectrum) // 8 :]
    of_blocks = np.abs(frequency * BLOCK - np.rint(frequency * BLOCK)) < 0.05
    rest = high[~of_blocks]
    return float(np.log(max(float(rest.max()), 1e-9) / max(float(np.median(rest)), 1e-9)))


def _fine_detail(grey: Grey) -> float:
    fine = np.abs(np.diff(grey, 2, axis=1)).mean()
    coarse = np.abs(grey[:, 4:] - grey[:, :-4]).mean()
    return float(np.log((fine + 1e-3) / (coarse + 1e-3)))


def _colours(colour: Float[ndarray, "row column 3"]) -> dict[str, float]:
    # Channel by channel in memory: sums over the last axis, of three, take five times as long.
    channels = np.ascontiguousarray(colour.transpose(2, 0, 1))
    red, green, blue = (float(each) for each in channels.mean(axis=(1, 2)))
    return {
        "red": red,
        "green": green,
        "blue": blue,
        "saturation": float((channels.max(axis=0) - channels.min(axis=0)).mean()),
        "contrast": float(channels.std(axis=(1, 2)).mean()),
    }


def _borders(grey: Grey) -> dict[str, float]:
    width = max(round(min(grey.shape) * _BORDER), 1)
    strips = (grey[:width], grey[-width:], grey[:, :width], grey[:, -width:])
    return {
        "uniform_border": float(sum(each.std() < 2.0 for each in strips)),
        "dark_border": float(min(each.mean() for each in strips) < 8.0),
    }
