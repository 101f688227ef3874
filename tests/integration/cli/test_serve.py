"""The workbench started as a person starts it."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.server import ServerFailedError, live_server, manage


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    migrated = manage("db", "upgrade", data_dir=directory)
    assert migrated.returncode == 0, migrated.stderr
    return directory


def test_it_answers_until_it_is_asked_to_stop(data_dir: Path, tmp_path: Path) -> None:
    with live_server(data_dir, tmp_path / "serve.log") as server:
        with urllib.request.urlopen(f"{server.url}/healthz", timeout=PATIENCE_S) as response:
            assert response.status == 200
        assert server.stop() == 0

    assert "Traceback" not in server.output


def test_it_comes_up_again_after_a_kill(data_dir: Path, tmp_path: Path) -> None:
    with live_server(data_dir, tmp_path / "first.log") as server:
        server.kill()
    with live_server(data_dir, tmp_path / "second.log") as server:
        assert server.process.poll() is None


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    not_a_directory = tmp_path / "file"
    not_a_directory.touch()

    with (
        pytest.raises(ServerFailedError, match="exited with status"),
        live_server(not_a_directory, tmp_path / "serve.log"),
    ):
        pytest.fail("it started on a file")
