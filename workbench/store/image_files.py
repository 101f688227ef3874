"""Image files: paths of normalised copies, and URIs of originals."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import quote_from_bytes

from workbench.files import write_durably


def normalised_path(image_dir: Path, pixel_hash: str) -> Path:
    """Return the path of the normalised image with this hash."""
    return image_dir / pixel_hash[:2] / f"{pixel_hash}.jpg"


def store_normalised(image_dir: Path, content: bytes) -> str:
    """Write a normalised image under its hash (SHA-256, hexadecimal), and return the hash."""
    pixel_hash = hashlib.sha256(content).hexdigest()
    path = normalised_path(image_dir, pixel_hash)
    # Files are written atomically, so an existing one is complete; another size is damage.
    if not (path.is_file() and path.stat().st_size == len(content)):
        write_durably(path, content)
    return pixel_hash


def original_uri(path: Path, image_root: Path | None) -> str:
    """Return an original's URI, percent-encoded so that any file name, UTF-8 or not, can be stored.

    Relative to the image root where there is one, else an absolute `file:` URI. ValueError for a
    `path` outside of the image root.
    """
    if image_root is not None:
        return quote_from_bytes(os.fsencode(path.relative_to(image_root)))
    return "file://" + quote_from_bytes(os.fsencode(path))
