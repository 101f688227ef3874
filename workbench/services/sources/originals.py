"""Originals: read again where they were imported from, or kept, and known by their hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.analysis.images.file_types import UnusableImageError
from workbench.config import Settings
from workbench.services.sources.files import read_file
from workbench.services.sources.parquet import ParquetTable
from workbench.store.image_files import kept_original_path, original_location, original_uri


@dataclass(frozen=True)
class Original:
    """Where an image was imported from, and the SHA-256 of its bytes."""

    uri: str
    content_hash: str


class OriginalMissingError(Exception):
    """An original is not to be had where it was imported from."""


class OriginalChangedError(Exception):
    """What is there is not what was imported."""


def read_original(original: Original, settings: Settings) -> bytes:
    """The very bytes that were imported, of an upload those that were kept.

    Nothing else is ever returned. Raises OriginalMissingError and OriginalChangedError.
    """
    kept = kept_original_path(settings.original_dir, original.content_hash)
    if kept.exists():
        return read_imported(replace(original, uri=original_uri(kept, None)), None)
    return read_imported(original, settings.image_root)


def is_there(original: Original, settings: Settings) -> bool:
    """Whether there is a file to read an original from, whatever is in it by now."""
    if kept_original_path(settings.original_dir, original.content_hash).exists():
        return True
    return original_location(original.uri, settings.image_root)[0].is_file()


def read_imported(original: Original, image_root: Path | None) -> bytes:
    """The same from where it was imported alone."""
    try:
        content = _content(*original_location(original.uri, image_root))
    except (OSError, ValueError) as error:
        raise OriginalMissingError from error
    except UnusableImageError as error:
        raise OriginalChangedError from error
    if content is None or hashlib.sha256(content).hexdigest() != original.content_hash:
        raise OriginalChangedError
    return content


def _content(path: Path, row: int | None) -> bytes | None:
    if row is None:
        content, _size, _modified = read_file(path)
        return content
    with ParquetTable(path) as table:
        return table.image(row) if table.image_column else None
