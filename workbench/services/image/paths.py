"""Where pictures of images are kept: the only definition, for who makes and who removes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from workbench.config import Settings
from workbench.store.image_files import kept_original_path, normalised_path

SIZES: Final = (48, 96, 192)
"""Of thumbnails and crops, in pixels."""


def thumbnail_path(settings: Settings, pixel_hash: str, size: int) -> Path:
    """A thumbnail of an image, by the hash of its normalised copy."""
    return settings.cache_dir / "thumbnails" / f"{size}" / f"{pixel_hash}.jpg"


def crops_folder(settings: Settings, version_id: int | None = None) -> Path:
    """The crops of a version, or of all."""
    folder = settings.cache_dir / "crops"
    return folder if version_id is None else folder / str(version_id)


def crop_path(settings: Settings, version_id: int, group_id: int, size: int) -> Path:
    """The surroundings of a pixel group."""
    return crops_folder(settings, version_id) / f"{size}" / f"{group_id}.jpg"


def patch_path(
    settings: Settings, version_id: int, dimension: int, image_id: int, size: int
) -> Path:
    """The surroundings of the patch of an image that has the most evidence of a dimension."""
    name = f"dimension-{dimension}-{image_id}.jpg"
    return crops_folder(settings, version_id) / f"{size}" / name


def originals_folder(settings: Settings) -> Path:
    """All that is kept of originals for the screen."""
    return settings.cache_dir / "originals"


def whole_path(settings: Settings, content_hash: str) -> Path:
    """An original as a whole, by its own hash: what another file in its place holds is no match."""
    return originals_folder(settings) / content_hash[:2] / f"{content_hash}.jpg"


def tiles_folder(settings: Settings, content_hash: str) -> Path:
    """The tiles of an original."""
    return originals_folder(settings) / content_hash[:2] / content_hash


def of_pictures(
    settings: Settings, pixel_hashes: Iterable[str], content_hashes: Iterable[str]
) -> list[Path]:
    """Normalised copies with their thumbnails; uploaded originals, and what the screen shows."""
    found: list[Path] = []
    for each in pixel_hashes:
        found.append(normalised_path(settings.image_dir, each))
        found += (thumbnail_path(settings, each, size) for size in SIZES)
    for each in content_hashes:
        found.append(kept_original_path(settings.original_dir, each))
        found += (whole_path(settings, each), tiles_folder(settings, each))
    return found
