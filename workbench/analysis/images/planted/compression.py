"""Edits as by lossy compression."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
from PIL import Image

from workbench.analysis.images.planted.arrays import Pixels, as_bytes

_JPEG_QUALITY: Final = 8
_WAVELET_RATE: Final = 55
"""Bytes of the picture for one of the file."""


def jpeg_blocks(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Save as a JPEG file of low quality: blocks of 8 pixels."""
    return _saved(pixels, "JPEG", quality=_JPEG_QUALITY)


def wavelet(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Save as a small JPEG 2000 file: smears and wavelets at edges."""
    return _saved(pixels, "JPEG2000", quality_mode="rates", quality_layers=[_WAVELET_RATE])


def _saved(pixels: Pixels, form: str, **options: Any) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(as_bytes(pixels)).save(buffer, form, **options)
    with Image.open(buffer) as opened:
        read: Pixels = np.asarray(opened.convert("RGB"), dtype=np.float64)
    return read
