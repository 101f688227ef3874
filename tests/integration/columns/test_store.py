"""The column store belongs to the cache: whatever becomes of its file, the pages' figures stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workbench.config import Settings
from workbench.services.columns.build import path_of
from workbench.services.columns.store import column_store

pytestmark = [pytest.mark.analysed, pytest.mark.parametrize("database_kind", ["sqlite"])]


def removed(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [removed, emptied, truncated, flipped])
def test_a_damaged_column_store_is_noticed_and_written_again(
    settings: Settings, version_id: int, damage: Callable[[Path], None]
) -> None:
    before = column_store(version_id)
    figures = before.logits.copy(), before.activations.copy(), bytes(before.names)
    path = path_of(settings, version_id)
    whole = path.read_bytes()
    del before
    replaced = path.with_suffix(".damaged")  # of its own inode: nobody has the damaged one mapped
    replaced.write_bytes(whole)
    damage(replaced)
    path.unlink()
    if replaced.exists():
        replaced.rename(path)

    after = column_store(version_id)

    np.testing.assert_array_equal(after.logits, figures[0])
    np.testing.assert_array_equal(after.activations, figures[1])
    assert bytes(after.names) == figures[2]
    assert path.exists()


def test_a_column_store_that_is_whole_is_opened_once(version_id: int) -> None:
    assert column_store(version_id) is column_store(version_id)
