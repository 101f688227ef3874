"""The pixels of images, as encoders are to see them."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select

from workbench.analysis.images.alike import Alike, made_alike
from workbench.analysis.images.file_types import UnusableImageError
from workbench.analysis.images.normalise import NORMAL_SIZE, normalise
from workbench.config import Settings
from workbench.services.sources.originals import (
    Original,
    OriginalChangedError,
    OriginalMissingError,
    read_original,
)
from workbench.store.database import session
from workbench.store.image_files import LostImageError, read_normalised
from workbench.store.images import Image

_DECODED: Final = (OriginalMissingError, OriginalChangedError, UnusableImageError)


@dataclass(frozen=True)
class PixelSource:
    """What an image's pixels are read from: its normalised copy, or its original."""

    pixel_hash: str
    original: Original
    alike: str | None = None
    """What the original is made first, as its copy was."""

    @classmethod
    def of(
        cls, pixel_hash: str, uri: str, content_hash: str, alike: str | None = None
    ) -> PixelSource:
        """From `SOURCE` columns of an image."""
        return cls(pixel_hash, Original(uri, content_hash), alike)


SOURCE: Final = (Image.pixel_hash, Image.original_uri, Image.content_hash, Image.made_alike)
"""The columns that a source is made of."""


def sources_of(image_ids: Collection[int]) -> dict[int, PixelSource]:
    """The sources of these images, by their ids."""
    found = session().execute(select(Image.id, *SOURCE).where(Image.id.in_(image_ids)))
    return {image_id: PixelSource.of(*source) for image_id, *source in found}


def read_pixels(source: PixelSource, side: int, settings: Settings) -> NDArray[np.uint8]:
    """An image's normalised pixels for an encoder of this side, as (height, width, 3) bytes.

    Those of the copy, `NORMAL_SIZE` a side, where that is enough. Else those of the original,
    normalised alike at `side`: never an enlarged copy, since images that lost their originals would
    then be told from the others by their sharpness.

    Raises LostImageError where the file is missing or no longer what was written or imported.
    """
    if side <= NORMAL_SIZE:
        return read_copy(settings.image_dir, source.pixel_hash)
    try:
        content = read_original(source.original, settings)
        if source.alike is not None:
            made_of = Alike.read(source.alike)
            content = made_alike(content, made_of, max_pixels=settings.max_pixels)
        return _decoded(normalise(content, max_pixels=settings.max_pixels, side=side).content)
    except _DECODED as error:
        raise LostImageError(f"its original, which {side} pixels need, is missing") from error


def read_copy(image_dir: Path, pixel_hash: str) -> NDArray[np.uint8]:
    """The pixels of a normalised copy. Raises LostImageError, as above."""
    return _decoded(read_normalised(image_dir, pixel_hash))


def in_frame(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same picture at the side in which masks, boxes and outlines lie."""
    if pixels.shape[0] == NORMAL_SIZE:
        return pixels
    smaller = cv2.resize(pixels, (NORMAL_SIZE, NORMAL_SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, dtype=np.uint8)


def can_be_read(source: PixelSource, side: int, settings: Settings) -> bool:
    """Whether an image's pixels are to be had for an encoder of this side."""
    try:
        read_pixels(source, side, settings)
    except LostImageError:
        return False
    return True


def _decoded(content: bytes) -> NDArray[np.uint8]:
    with Picture.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))
