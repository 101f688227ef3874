"""Atomic writing of files: a reader sees the old file or the new one, never a part."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Write a file atomically and durably: temporary name, sync, rename, sync the directory."""
    with placed_durably(path) as temporary:
        temporary.write_bytes(content)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically, but not durably: for content that can be made again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _renamed(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def placed_durably(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; at the end the file is synced and renamed to `path`.

    Like `write_durably`, for content that a library writes itself. Removed on any error.
    """
    _make_directory(path.parent)
    with _renamed(path) as temporary:
        yield temporary
        _sync(temporary)
    _sync(path.parent)


@contextmanager
def _renamed(path: Path) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _make_directory(path: Path) -> None:
    """Create a directory and its parents, and sync each parent."""
    if path.is_dir():
        return
    _make_directory(path.parent)
    path.mkdir(exist_ok=True)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
