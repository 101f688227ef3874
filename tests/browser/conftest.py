"""A workbench as a person has it: real images' stand-ins, real server, real worker."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pictures import draw_collection
from tests.support.server import MANAGE, ROOT, Server, environment, live_server, live_worker, manage

NAME = "ada"
PASSWORD = "correct horse battery"
COLLECTION = "drawn"


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an analysed collection and a developer's account."""
    place = tmp_path_factory.mktemp("browser")
    pictures = draw_collection(place / "pictures", 20, mislabelled=5)
    data = place / "data"
    for arguments in (
        ("import", str(pictures), "--collection", COLLECTION),
        ("analyze", "--collection", COLLECTION),
    ):
        done = manage(*arguments, data_dir=data)
        assert done.returncode == 0, done.stderr
    subprocess.run(
        [*MANAGE, "user", "add", NAME, "--role", "developer", "--password-stdin"],
        input=PASSWORD + "\n",
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(data),
    )
    return data


@pytest.fixture(scope="session")
def server(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The workbench, served; reading needs no account."""
    log = tmp_path_factory.mktemp("logs") / "server.log"
    with live_server(data_dir, log, open_reading="true") as running:
        yield running


@pytest.fixture(scope="session")
def worker(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A worker beside it."""
    with live_worker(data_dir, tmp_path_factory.mktemp("logs") / "worker.log") as running:
        yield running
