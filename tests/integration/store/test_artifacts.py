"""An artifact file is what was written, or says that it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench.files import write_durably
from workbench.store.artifacts import (
    Artifact,
    ArtifactDamagedError,
    load_arrays,
    load_rows,
    store_arrays,
)

ARRAYS = {
    "halves": np.arange(12, dtype=np.float16).reshape(3, 4),
    "rows": np.linspace(0, 1, 6, dtype=np.float32).reshape(3, 2),
}


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    return store_arrays(tmp_path, "results", ARRAYS)


def test_arrays_come_back_as_they_were(tmp_path: Path, artifact: Artifact) -> None:
    loaded = load_arrays(tmp_path, artifact)

    assert loaded.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert loaded[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded[name], array)
    assert (tmp_path / artifact.path).stat().st_size == artifact.size


def test_an_array_that_is_a_view_is_stored_as_what_it_shows(tmp_path: Path) -> None:
    view = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2].T

    loaded = load_arrays(tmp_path, store_arrays(tmp_path, "results", {"view": view}))

    np.testing.assert_array_equal(loaded["view"], view)


def test_the_same_arrays_twice_are_two_files(tmp_path: Path, artifact: Artifact) -> None:
    again = store_arrays(tmp_path, "results", ARRAYS)

    assert again.sha256 == artifact.sha256
    assert again.path != artifact.path


def test_one_row_is_read_without_the_rest(tmp_path: Path, artifact: Artifact) -> None:
    for row in range(3):
        np.testing.assert_array_equal(
            load_rows(tmp_path, artifact, "rows", row), ARRAYS["rows"][row]
        )


def missing(path: Path) -> None:
    path.unlink()


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def headless(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


@pytest.mark.parametrize("damage", [missing, torn, empty, altered, headless])
def test_a_damaged_file_is_never_loaded(tmp_path: Path, artifact: Artifact, damage: object) -> None:
    assert callable(damage)
    damage(tmp_path / artifact.path)

    with pytest.raises(ArtifactDamagedError, match="results file"):
        load_arrays(tmp_path, artifact)


@pytest.mark.parametrize("damage", [missing, torn, empty, altered, headless])
def test_no_row_is_read_of_a_file_that_is_not_what_was_written(
    tmp_path: Path, artifact: Artifact, damage: object
) -> None:
    assert callable(damage)
    load_rows(tmp_path, artifact, "rows", 0)  # damage is noticed in a file that was whole, too
    damage(tmp_path / artifact.path)

    with pytest.raises(ArtifactDamagedError, match="results file"):
        load_rows(tmp_path, artifact, "rows", 0)


@pytest.mark.parametrize(("name", "row"), [("rows", 3), ("rows", -1), ("columns", 0)])
def test_a_row_that_is_not_there_is_not_made_up(
    tmp_path: Path, artifact: Artifact, name: str, row: int
) -> None:
    with pytest.raises(ArtifactDamagedError):
        load_rows(tmp_path, artifact, name, row)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "file"
    write_durably(path, b"old")
    write_durably(path, b"new")

    assert path.read_bytes() == b"new"
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    write_durably(path, b"old")
    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(OSError, match="No space left"):
        write_durably(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_files_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file" / "inner").mkdir(parents=True)

    with pytest.raises(IsADirectoryError):
        write_durably(tmp_path / "file", b"new")

    assert [each.name for each in tmp_path.iterdir()] == ["file"]
