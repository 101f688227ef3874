"""Web and worker under one supervisor: real processes, really killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.server import ROOT, Server, environment, free_port, manage


def wait_until(reached: Callable[[], bool], output: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline, output()
        time.sleep(0.05)


def is_free(port: int) -> bool:
    """Whether a next start would have this port."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A dead process whose parent was killed waits for the system to bury it.
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


class Supervised(Server):
    """Both processes under the supervisor, as the demo runs them."""

    def __init__(self, data_dir: Path, log: Path, port: int) -> None:
        self.port = port
        self._log = log
        program = (
            f"import workbench.supervisor as s; raise SystemExit(s.run_web_and_worker({port}))"
        )
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", program],
                cwd=ROOT,
                env=environment(data_dir),
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def pids(self, name: str) -> list[int]:
        """Of this process, the first start first."""
        return [
            int(pid)
            for line in self.output.splitlines()
            if "process started" in line and f"process={name}" in line
            for pid in re.findall(r"pid=(\d+)", line)
        ]


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    data_dir = tmp_path / "data"
    assert manage("db", "upgrade", data_dir=data_dir).returncode == 0
    running = Supervised(data_dir, tmp_path / "supervisor.log", free_port())
    yield running
    running.stop()
    for name in ("web", "worker"):
        for pid in running.pids(name):
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


def test_killed_processes_are_started_again_and_none_outlives_the_supervisor(
    supervised: Supervised,
) -> None:
    def output() -> str:
        return supervised.output

    supervised.wait_until_healthy()
    (worker,), (web,) = supervised.pids("worker"), supervised.pids("web")

    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: len(supervised.pids("worker")) == 2, output)
    assert is_alive(web)
    os.kill(web, signal.SIGKILL)
    wait_until(lambda: len(supervised.pids("web")) == 2, output)
    supervised.wait_until_healthy()
    assert len(re.findall(r"process died .*status=-9", output())) == 2

    supervised.kill()

    orphans = [supervised.pids(name)[-1] for name in ("web", "worker")]
    wait_until(lambda: not any(map(is_alive, orphans)), output)
    # A process is reported dead while its last threads still hold its files.
    wait_until(lambda: is_free(supervised.port or 0), output)


def supervise(*programs: str) -> subprocess.CompletedProcess[str]:
    commands = {
        f"child {number}": [sys.executable, "-c", each] for number, each in enumerate(programs)
    }
    program = (
        "from workbench.supervisor import keep_running; "
        f"raise SystemExit(keep_running({commands!r}, pause=0.01))"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_process_that_dies_again_and_again_ends_the_supervisor_with_a_sentence() -> None:
    done = supervise("import time; time.sleep(600)", "raise SystemExit('no database')")

    assert done.returncode == 1
    assert done.stderr.count("no database") == 4
    assert "The child 1 process died 4 times in a row: giving up" in done.stdout
    (other,) = re.findall(r"process='child 0' *$|pid=(\d+) +process='child 0'", done.stdout)
    assert not is_alive(int(other))


RUN = "from workbench.supervisor import run_to_its_end; raise SystemExit(run_to_its_end({!r}))"
AT_WORK = 'print("at work", flush=True)'
WORKING = f"""
import time
try:
    {AT_WORK}
    time.sleep(600)
except KeyboardInterrupt:
    print("ended in order", flush=True)
    raise SystemExit(3)
"""
WITH_PARENT = f"""
import signal
from workbench.supervisor import end_with_parent
signal.signal(signal.SIGTERM, signal.default_int_handler)
signal.signal(signal.SIGINT, signal.default_int_handler)
end_with_parent()
{WORKING}"""


def running(program: str) -> subprocess.Popen[str]:
    """A process that runs another one, with this program, to its end."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN.format([sys.executable, "-c", program])],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_run_to_its_end_is_asked_to_end_and_waited_for(number: signal.Signals) -> None:
    process = running(WITH_PARENT)

    process.send_signal(number)

    said, _ = process.communicate(timeout=PATIENCE_S)
    assert said == "ended in order\n"
    assert process.returncode == 3


def test_what_is_run_to_its_end_ends_when_the_one_that_waits_is_killed() -> None:
    process = running(WITH_PARENT)

    process.kill()

    said, _ = process.communicate(timeout=PATIENCE_S)
    assert said == "ended in order\n"


def test_a_process_ended_by_a_signal_has_the_status_that_shells_give() -> None:
    process = running(f"import os; {AT_WORK}; os.kill(os.getpid(), 9)")

    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + signal.SIGKILL
