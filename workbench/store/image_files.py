"""Image files: paths of normalised copies, and URIs of originals."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from workbench.files import write_whole

_LOST = (errno.ENOENT, errno.EIO)
"""What reading a lost file fails with; too many open files, say, are no fault of this one."""


class LostImageError(Exception):
    """A normalised image is missing or damaged; importing its original again restores it."""


def normalised_path(image_dir: Path, pixel_hash: str) -> Path:
    """Return the path of the normalised image with this hash."""
    return image_dir / pixel_hash[:2] / f"{pixel_hash}.jpg"


def read_normalised(image_dir: Path, pixel_hash: str) -> bytes:
    """Read a normalised image. Raises LostImageError where it is missing or was changed."""
    try:
        content = normalised_path(image_dir, pixel_hash).read_bytes()
    except OSError as error:
        if error.errno not in _LOST:
            raise
        raise LostImageError("the normalised image is missing") from error
    if hashlib.sha256(content).hexdigest() != pixel_hash:
        raise LostImageError("the normalised image is damaged")
    return content


def is_whole(image_dir: Path, pixel_hash: str) -> bool:
    """Tell whether the normalised image with this hash is what was written."""
    try:
        read_normalised(image_dir, pixel_hash)
    except LostImageError:
        return False
    return True


def store_normalised(image_dir: Path, content: bytes) -> tuple[str, bool]:
    """Write a normalised image under its hash (SHA-256, hexadecimal), unless it is there.

    It survives a power cut once its folder is settled, which belongs before the row that names it.

    Returns the hash, and whether it was written: it was new, missing or damaged.
    """
    pixel_hash = hashlib.sha256(content).hexdigest()
    if is_whole(image_dir, pixel_hash):
        return pixel_hash, False
    write_whole(normalised_path(image_dir, pixel_hash), content)
    return pixel_hash, True


def kept_original_path(original_dir: Path, content_hash: str) -> Path:
    """The path of an original that came by upload, and so lies nowhere else."""
    return original_dir / content_hash[:2] / content_hash


def original_uri(path: Path, image_root: Path | None, row: int | None = None) -> str:
    """Return an original's URI, percent-encoded so that any file name, UTF-8 or not, can be stored.

    Relative to the image root where there is one, else an absolute `file:` URI. The row of a file
    that holds many images stands behind a `#`. ValueError for a `path` outside of the image root.
    """
    inside = "" if row is None else f"#{row}"
    if image_root is not None:
        return quote_from_bytes(os.fsencode(path.relative_to(image_root))) + inside
    return "file://" + quote_from_bytes(os.fsencode(path)) + inside


def original_location(uri: str, image_root: Path | None) -> tuple[Path, int | None]:
    """The file of an original by its URI, and the row of a file that holds many images."""
    encoded, _mark, row = uri.removeprefix("file://").partition("#")
    path = Path(os.fsdecode(unquote_to_bytes(encoded)))
    # What is relative was inside of the root; without one it is looked for nowhere.
    return (image_root or Path(os.devnull)) / path, int(row) if row else None
