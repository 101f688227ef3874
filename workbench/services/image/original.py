"""The original of an image for the screen: whole, and in tiles at full resolution (ADR 49)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask_babel import gettext
from PIL import Image as Picture

from workbench.analysis.images import renditions
from workbench.analysis.images.analysed_square import AnalysedSquare
from workbench.analysis.images.file_types import UnusableImageError
from workbench.analysis.images.normalise import NORMAL_SIZE, upright
from workbench.analysis.images.renditions import TILE_SIDE, WHOLE_SIDE, tile_levels
from workbench.services import app_settings
from workbench.services.errors import NotFoundError, UnavailableError
from workbench.services.image.kept import BoundedFolder
from workbench.services.image.media import image_of
from workbench.services.image.paths import originals_folder, tiles_folder, whole_path
from workbench.services.sources.originals import (
    Original,
    OriginalChangedError,
    OriginalMissingError,
    read_original,
)
from workbench.store.images import Image

MOST_BYTES: Final = 2_000_000_000
"""Of renditions and tiles kept on disk: some 5,000 images of a megapixel."""
QUICK_PIXELS: Final = 4_000_000
"""Decoded within a tenth of a second."""

_folder = BoundedFolder(MOST_BYTES)
_decoding = threading.Lock()
"""One at a time: an image may take 8 bytes a pixel meanwhile."""


@dataclass(frozen=True)
class OriginalView:
    """What the large picture of an image shows."""

    width: int
    height: int
    """Of the upright original, or of the normalised copy where there is no original."""
    key: str = ""
    """Changes with the original's content; empty where there is no original."""
    missing: str = ""
    """Why the copy is shown instead; empty where the original is."""

    @property
    def square(self) -> AnalysedSquare:
        """The part that was analysed, which the heatmap and outlines lie over."""
        return AnalysedSquare(self.width, self.height)

    @property
    def levels(self) -> int:
        """The number of levels of tiles that are finer than the whole picture."""
        return tile_levels(self.width, self.height)

    @property
    def tile_side(self) -> int:
        return TILE_SIDE

    @property
    def whole_side(self) -> int:
        return WHOLE_SIDE


def original_view(image_id: int) -> OriginalView:
    """What can be shown of an original. Raises NotFoundError for an unknown image."""
    image = image_of(image_id)
    missing = "" if _folder.read(_whole_path(image)) else _why_missing(image)
    if missing:
        return OriginalView(NORMAL_SIZE, NORMAL_SIZE, missing=missing)
    return OriginalView(image.width, image.height, key=image.content_hash[:12])


def is_quick(image_id: int) -> bool:
    """Whether the whole picture costs little: it is kept already, or small."""
    image = image_of(image_id)
    return image.width * image.height <= QUICK_PIXELS or _whole_path(image).exists()


def is_tile_kept(image_id: int, level: int, column: int, row: int) -> bool:
    """Whether a tile was made already."""
    return _tile_path(image_of(image_id), level, column, row).exists()


def whole(image_id: int) -> bytes:
    """The upright original as a JPEG, within 2,048 px a side.

    Raises NotFoundError, and UnavailableError where the original is lost, here and below.
    """
    image = image_of(image_id)
    path = _whole_path(image)
    return _folder.read(path) or _made(image, path)


def tile(image_id: int, level: int, column: int, row: int) -> bytes:
    """A tile of the upright original, as a JPEG; the first that is asked for makes all."""
    image = image_of(image_id)
    if not _has_tile(image, level, column, row):
        raise NotFoundError(gettext("This image has no such tile."))
    path = _tile_path(image, level, column, row)
    return _folder.read(path) or _made(image, path)


def _has_tile(image: Image, level: int, column: int, row: int) -> bool:
    if level >= tile_levels(image.width, image.height):
        return False
    covered: int = TILE_SIDE << level
    return column * covered < image.width and row * covered < image.height


def _why_missing(image: Image) -> str:
    settings = app_settings.settings()
    if image.width * image.height > settings.max_pixels:
        return gettext(
            "The original has more pixels than WORKBENCH_MAX_PIXELS allows; the copy that was "
            "analysed is shown."
        )
    try:
        read_original(_original(image), settings)
    except OriginalMissingError:
        return gettext(
            "The original is not where it was imported from; the copy that was analysed is shown."
        )
    except OriginalChangedError:
        return gettext(
            "The original has changed since the import; the copy that was analysed is shown."
        )
    return ""


def _made(image: Image, path: Path) -> bytes:
    """A picture that is not kept yet; what is made beside it is kept as well."""
    with _decoding:
        if found := _folder.read(path):  # made while this one waited
            return found
        picture = _upright(image)
        wanted = b""
        for each, content in _pictures(image, picture, path):
            _folder.keep(originals_folder(app_settings.settings()), each, content)
            if each == path:
                wanted = content
        return wanted


def _pictures(image: Image, picture: Picture.Image, path: Path) -> list[tuple[Path, bytes]]:
    if path == _whole_path(image):
        return [(path, renditions.whole(picture))]
    return [
        (_tile_path(image, level, column, row), content)
        for level, column, row, content in renditions.tiles(picture)
    ]


def _upright(image: Image) -> Picture.Image:
    settings = app_settings.settings()
    try:
        return upright(read_original(_original(image), settings), max_pixels=settings.max_pixels)
    except (OriginalMissingError, OriginalChangedError, UnusableImageError) as error:
        raise UnavailableError(
            gettext("The original of %(name)s cannot be shown.", name=image.name)
        ) from error


def _original(image: Image) -> Original:
    return Original(image.original_uri, image.content_hash)


def _whole_path(image: Image) -> Path:
    return whole_path(app_settings.settings(), image.content_hash)


def _tile_path(image: Image, level: int, column: int, row: int) -> Path:
    folder = tiles_folder(app_settings.settings(), image.content_hash)
    return folder / f"{level}-{column}-{row}.jpg"
