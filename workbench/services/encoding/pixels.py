"""The pixels of normalised images."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from workbench.store.image_files import read_normalised


def read_pixels(image_dir: Path, pixel_hash: str) -> NDArray[np.uint8]:
    """The normalised image as (height, width, 3) bytes.

    Raises LostImageError where the file is missing or no longer what was written.
    """
    content = read_normalised(image_dir, pixel_hash)
    with Picture.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))
