"""Processes that end with this one: one run to its end; web and worker, started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from workbench.config import PROJECT_ROOT

PATIENCE_SECONDS = 20
_POLL_SECONDS = 0.2
_ATTEMPTS = 4
"""A process that dies so often, each time soon after its start, is given up."""
_SOON_SECONDS = 60

_GIVEN_UP = "The %s process died %s times in a row: giving up. Its messages stand above."

log = structlog.get_logger()


@dataclass
class _Kept:
    """A process that is kept running."""

    name: str
    command: Sequence[str]
    deaths: int = 0
    """In a row, each soon after its start."""
    due: float = 0.0
    """When it is started next, on the monotonic clock."""
    started: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        # A session of its own, so that Ctrl-C reaches it once, from here, and in order. Standard
        # input is a pipe from here that says nothing: it ends with this process, however that ends.
        self.process = subprocess.Popen(self.command, start_new_session=True, stdin=subprocess.PIPE)
        self.started = time.monotonic()
        log.info("process started", process=self.name, pid=self.process.pid)

    def mourn(self, status: int, pause: float) -> None:
        """Note its death; it is started again after a pause that doubles from death to death."""
        moment = time.monotonic()
        self.process = None
        self.deaths = self.deaths + 1 if moment - self.started < _SOON_SECONDS else 1
        wait = pause * 2 ** (self.deaths - 1)
        self.due = moment + wait
        if self.deaths < _ATTEMPTS:
            log.warning("process died", process=self.name, status=status, again_in_seconds=wait)


def run_web_and_worker(port: int) -> int:
    """Run both as processes of their own and wait; returns the exit status to end with.

    Ctrl-C and SIGTERM stop both: each is asked, and killed only where it does not listen.
    """
    command = [sys.executable, str(PROJECT_ROOT / "manage.py")]
    return keep_running(
        {
            "web": [*command, "serve", "--port", str(port), "--with-parent"],
            "worker": [*command, "worker", "--with-parent"],
        }
    )


def run_to_its_end(command: Sequence[str]) -> int:
    """Run a process and wait for it; returns its exit status.

    Ctrl-C and SIGTERM are handed on to it: it ends in order, and this process after it. Its
    standard input ends with this process, for `end_with_parent`.
    """
    # A session of its own, so that Ctrl-C reaches it once, from here.
    process = subprocess.Popen(command, start_new_session=True, stdin=subprocess.PIPE)
    before = {
        number: signal.signal(number, lambda received, _frame: process.send_signal(received))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        assert process.stdin is not None  # noqa: S101 - it was asked for
        process.stdin.close()
    # As shells have it, where a signal ended it.
    return status if status >= 0 else 128 - status


def keep_running(commands: Mapping[str, Sequence[str]], *, pause: float = 1.0) -> int:
    """Keep processes running until this one is asked to stop, or one of them dies again and again.

    pause: seconds before the first restart. Returns 0, or 1 where it gave up.
    """
    kept = [_Kept(name, command) for name, command in commands.items()]
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: asked.append(received))
    try:
        while not asked:
            for each in kept:
                status = each.process.poll() if each.process else None
                if status is not None:
                    each.mourn(status, pause)
                if each.deaths >= _ATTEMPTS and each.process is None:
                    log.error(_GIVEN_UP, each.name, each.deaths, status=status)
                    return 1
                if each.process is None and time.monotonic() >= each.due:
                    each.start()
            time.sleep(min(_POLL_SECONDS, pause))
    finally:
        _stop([each.process for each in kept if each.process])
    return 0


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    for process in processes:
        try:
            process.wait(timeout=max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def end_with_parent() -> None:
    """End this process in order when its standard input ends: whoever started it is gone."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    # Not by sys.stdin: its lock, held by a waiting thread, would be in the way at the exit.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os._exit(1)
