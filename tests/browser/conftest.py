"""A workbench as a person has it: real images' stand-ins, real server, real worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.prepared import COLLECTION, NAME, PASSWORD, copy_of
from tests.support.server import Server, live_server, live_worker

__all__ = ["COLLECTION", "NAME", "PASSWORD"]

# A started server loads its encoder while the first page is looked at, on a machine that may be
# busy with other things.
expect.set_options(timeout=120_000)


@pytest.fixture(scope="session")
def data_dir(analysed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an analysed collection and a developer's account, for all to use."""
    return copy_of(analysed_once, tmp_path_factory.mktemp("browser") / "data")


@pytest.fixture
def own_data(analysed_once: Path, tmp_path: Path) -> Path:
    """One for this test alone."""
    return copy_of(analysed_once, tmp_path / "data")


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
