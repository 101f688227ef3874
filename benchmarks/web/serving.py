"""The workbench served as usual, to be visited."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.server import Server, live_server

QUIET_S = 1.0
QUIET_SHARE = 0.05
WAITED_AT_MOST_S = 60


@contextmanager
def served(data_dir: Path, **settings: str) -> Iterator[Server]:
    """The workbench on this data directory, open to readers; its log goes with it."""
    with (
        TemporaryDirectory() as folder,
        live_server(
            data_dir, Path(folder) / "serve.log", open_reading="true", **settings
        ) as server,
    ):
        yield server


def settle(server: Server) -> None:
    """Wait until the server, which loads an encoder after its start, is at rest."""
    deadline = time.monotonic() + WAITED_AT_MOST_S
    while time.monotonic() < deadline:
        before = seconds_worked(server.process.pid)
        time.sleep(QUIET_S)
        if seconds_worked(server.process.pid) - before < QUIET_SHARE * QUIET_S:
            return


def seconds_worked(pid: int) -> float:
    """Seconds of processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
