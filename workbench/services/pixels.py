"""The pixels of normalised images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from workbench.store.image_files import normalised_path


def read_pixels(image_dir: Path, pixel_hash: str) -> NDArray[np.uint8]:
    """The normalised image as (height, width, 3) bytes. Raises OSError where it is missing."""
    with Picture.open(normalised_path(image_dir, pixel_hash)) as picture:
        return np.asarray(picture.convert("RGB"))
