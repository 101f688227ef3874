"""Web and worker side by side, until one of them ends or the person stops both."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from workbench.config import PROJECT_ROOT

PATIENCE_SECONDS = 20
_POLL_SECONDS = 0.2


def run_web_and_worker(port: int) -> int:
    """Start both as processes of their own and wait; returns the exit status to end with.

    Ctrl-C and SIGTERM stop both: each is asked, and killed only where it does not listen.
    """
    command = [sys.executable, str(PROJECT_ROOT / "manage.py")]
    # A session of their own, so that Ctrl-C reaches them once, from here, and in order.
    both = [
        subprocess.Popen([*command, *arguments], start_new_session=True)
        for arguments in (["serve", "--port", str(port)], ["worker"])
    ]
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: asked.append(received))
    try:
        while not asked and all(process.poll() is None for process in both):
            time.sleep(_POLL_SECONDS)
    finally:
        _stop(both)
    if asked:
        return 0
    return next((process.returncode for process in both if process.returncode), 1)


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
