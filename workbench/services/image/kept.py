"""Pictures that are made once and kept in the cache, where they may be removed at any time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from workbench.files import DamagedError, unsealed, write_sealed

_SWEEP_AFTER: Final = 0.05
"""A bounded folder is looked through when this share of its bound was written since."""


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """A picture from the cache, made where it is missing or damaged."""
    found = read_kept(path)
    if found is None:
        found = make()
        keep(path, found)
    return found


def read_kept(path: Path) -> bytes | None:
    """A picture from the cache; None where it is missing or damaged."""
    with suppress(OSError, DamagedError):
        return bytes(unsealed(path.read_bytes()))
    return None


def keep(path: Path, content: bytes) -> None:
    """Put a picture into the cache.

    Not synced: a page of thumbnails would wait for the disk a hundred times. What a power cut
    leaves of one is noticed, and made again.
    """
    # A cache that cannot be written makes pictures slower, not absent.
    with suppress(OSError):
        write_sealed(path, content)


class BoundedFolder:
    """A folder of such pictures within a size: what was unused for longest goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        # Whoever starts may find what others have left.
        self._written = most_bytes
        self._guard = threading.Lock()

    def read(self, path: Path) -> bytes | None:
        """As `read_kept`, and note that it was used."""
        found = read_kept(path)
        if found is not None:
            with suppress(OSError):
                os.utime(path)
        return found

    def keep(self, folder: Path, path: Path, content: bytes) -> None:
        """As `keep`, in the folder or below it, making room there."""
        keep(path, content)
        with self._guard:
            self._written += len(content)
            if self._written < self._most * _SWEEP_AFTER:
                return
            self._written = 0
        self._make_room(folder)

    def _make_room(self, folder: Path) -> None:
        found: list[tuple[float, int, Path]] = []
        for each in folder.rglob("*.jpg"):
            with suppress(OSError):
                facts = each.stat()
                found.append((facts.st_mtime, facts.st_size, each))
        excess = sum(size for _used, size, _path in found) - self._most
        for _used, size, path in sorted(found):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size
