"""A sealed file is read whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.files import DamagedError, settle, unsealed, write_sealed, write_whole


@given(content=st.binary(max_size=200))
def test_a_seal_is_taken_off_again(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "sealed"
    write_sealed(path, content)

    assert unsealed(path.read_bytes()) == content


@given(data=st.data())
def test_what_was_changed_or_cut_off_is_damaged(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "sealed"
    write_sealed(path, bytes(range(40)))
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole.copy()
    flipped[place] ^= data.draw(st.integers(1, 255))

    for damaged in (flipped, whole[:place]):
        with pytest.raises(DamagedError):
            unsealed(bytes(damaged))


def test_a_sealed_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_sealed(tmp_path / "cache" / "file", b"old")
    write_sealed(tmp_path / "cache" / "file", b"new")

    assert unsealed((tmp_path / "cache" / "file").read_bytes()) == b"new"
    assert [each.name for each in (tmp_path / "cache").iterdir()] == ["file"]


def test_a_folder_is_settled_and_one_that_is_gone_is_not(tmp_path: Path) -> None:
    write_whole(tmp_path / "folder" / "file", b"content")
    settle(tmp_path / "folder")

    with pytest.raises(FileNotFoundError):
        settle(tmp_path / "nowhere")
