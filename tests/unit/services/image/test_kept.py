"""Kept pictures: within a bound, the longest unused out first."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.services.image.kept import BoundedFolder, keep


def aged(path: Path, age: int) -> Path:
    """A kept picture of 1,000 bytes and its seal, unused for `age` seconds more than others."""
    keep(path, bytes(1000))
    os.utime(path, (10_000 - age, 10_000 - age))
    return path


def test_what_was_unused_for_longest_makes_room(tmp_path: Path) -> None:
    old, read, newer = (aged(tmp_path / f"{age}.jpg", age) for age in (300, 200, 100))
    folder = BoundedFolder(2 * 1100)
    folder.read(old)

    folder.keep(tmp_path, tmp_path / "ab" / "new.jpg", bytes(1000))

    assert old.exists(), "it was just looked at"
    assert not read.exists()
    assert not newer.exists()
    assert (tmp_path / "ab" / "new.jpg").exists()


def test_a_damaged_picture_is_as_good_as_none(tmp_path: Path) -> None:
    path = aged(tmp_path / "one.jpg", 0)
    folder = BoundedFolder(10_000)
    assert folder.read(path) == bytes(1000)

    path.write_bytes(path.read_bytes()[:500])

    assert folder.read(path) is None
