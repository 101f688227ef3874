"""One file of a source: its bytes, size and time of change."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from workbench.analysis.images.file_types import UnusableImageError

MAX_FILE_BYTES: Final = 200_000_000


def too_large(size: int) -> UnusableImageError:
    """The refusal of an image of so many bytes."""
    return UnusableImageError(f"file too large: {size:,} bytes (at most {MAX_FILE_BYTES:,})")


def read_file(path: Path) -> tuple[bytes, int, int]:
    """The file's bytes, size and time of change (ns), all of the same opened file.

    Raises OSError, and UnusableImageError for what is no regular file or too large.
    """
    # Not blocking: a pipe put there instead of the file would otherwise wait for a writer for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise UnusableImageError("not a regular file")
        if facts.st_size > MAX_FILE_BYTES:
            raise too_large(facts.st_size)
        return file.read(MAX_FILE_BYTES), facts.st_size, facts.st_mtime_ns
