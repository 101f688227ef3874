"""Image files: where normalised copies lie, and how the URI of an original is written."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import quote_from_bytes

from workbench.files import write_durably


def normalised_path(image_dir: Path, pixel_hash: str) -> Path:
    """Where the normalised image with this hash lies."""
    return image_dir / pixel_hash[:2] / f"{pixel_hash}.jpg"


def store_normalised(image_dir: Path, content: bytes) -> str:
    """Write a normalised image under its hash (SHA-256, hexadecimal), and return the hash."""
    pixel_hash = hashlib.sha256(content).hexdigest()
    path = normalised_path(image_dir, pixel_hash)
    # Files appear whole, so one that is there is this one; another size is damage, made good.
    if not (path.is_file() and path.stat().st_size == len(content)):
        write_durably(path, content)
    return pixel_hash


def original_uri(path: Path, image_root: Path | None) -> str:
    """An original's URI, percent-encoded so that any file name, UTF-8 or not, fits a column.

    Relative to the image root where there is one, else an absolute `file:` URI. Raises ValueError
    where `path` is outside of the image root.
    """
    if image_root is not None:
        return quote_from_bytes(os.fsencode(path.relative_to(image_root)))
    return "file://" + quote_from_bytes(os.fsencode(path))
