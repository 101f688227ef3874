"""Properties of images as columns: how large, bright and sharp they are, how they were saved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.images.notes import ImportNote
from workbench.services.sources.dates import year_of
from workbench.store.images import Image

PROPERTIES: Final = ("side", "aspect", "brightness", "sharpness", "quality", "year")
"""Shorter side of the original in pixels; its width by its height; brightness and sharpness of the
normalised image (`Exposure`); JPEG quality, from 1 to 100; the year of its
date."""

OF_IMAGES: Final = (
    Image.format,
    Image.width,
    Image.height,
    Image.jpeg_quality,
    Image.brightness,
    Image.sharpness,
    Image.date,
)


def properties_of(rows: Sequence[Any]) -> NDArray[np.float32]:
    """(property, image), in the order of `PROPERTIES`; NaN where an image has none."""
    found = [
        (
            min(row.width, row.height),
            row.width / row.height,
            _known(row.brightness),
            _known(row.sharpness),
            _known(row.jpeg_quality),
            year_of(row.date) if row.date else math.nan,
        )
        for row in rows
    ]
    return np.array(found, np.float32).reshape(-1, len(PROPERTIES)).T


def note_bits(written: str) -> int:
    """Import notes as a sum: bit i for the i-th of `ImportNote`."""
    notes = set(written.split())
    return sum(1 << bit for bit, note in enumerate(ImportNote) if note in notes)


def _known(value: float | None) -> float:
    return math.nan if value is None else value
