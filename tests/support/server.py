"""The workbench as a person starts it: real processes, real ports, real signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
MANAGE = (sys.executable, str(ROOT / "manage.py"))


class ServerFailedError(AssertionError):
    """The server did not come up; the message ends with what it printed."""


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Give a process this data directory and these settings (`database_url="…"`)."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")
    }
    # Each image measured is encoded again, by the real encoder.
    wanted = {"sensitivity_images": "8", "effect_images": "2", **settings}
    given = {f"WORKBENCH_{name.upper()}": value for name, value in wanted.items()}
    return {**inherited, "WORKBENCH_DATA_DIR": str(data_dir), **given}


def manage(
    *arguments: str, data_dir: Path, timeout_s: float = PATIENCE_S, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; the caller looks at its exit status and output."""
    return subprocess.run(
        [*MANAGE, *arguments],
        cwd=ROOT,
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A command of `manage.py` that goes on until it is stopped."""

    def __init__(
        self, *arguments: str, log: Path, env: Mapping[str, str], port: int | None = None
    ) -> None:
        self.port = port
        self._log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [*MANAGE, *arguments], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """All that it printed until now."""
        return self._log.read_text(errors="replace")

    def wait_until_healthy(self) -> None:
        """Return as soon as /healthz answers."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                status = self.process.returncode
                raise ServerFailedError(f"exited with status {status}:\n{self.output}")
            if _answers(f"{self.url}/healthz"):
                return
            time.sleep(0.1)
        raise ServerFailedError(f"not healthy after {PATIENCE_S} s:\n{self.output}")

    def stop(self) -> int:
        """Ask it to end, insist after a while; return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it as a power cut would: no clean-up, no last write."""
        self.process.kill()
        return self.process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextmanager
def live_server(data_dir: Path, log: Path, **settings: str) -> Iterator[Server]:
    """Serve this data directory on a free port for as long as the block runs."""
    port = free_port()
    env = environment(data_dir, **settings)
    server = Server("serve", "--port", str(port), log=log, env=env, port=port)
    try:
        server.wait_until_healthy()
        yield server
    finally:
        server.stop()


@contextmanager
def live_worker(data_dir: Path, log: Path, **settings: str) -> Iterator[Server]:
    """Run a worker on this data directory for as long as the block runs."""
    worker = Server("worker", log=log, env=environment(data_dir, **settings))
    try:
        yield worker
    finally:
        worker.stop()
