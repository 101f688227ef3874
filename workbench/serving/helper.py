"""The process that answers expensive requests, so that pages have Python's lock and a processor."""

from __future__ import annotations

import gc
import io
import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import structlog
from flask_babel import gettext
from werkzeug.test import run_wsgi_app

from workbench.app import create_app
from workbench.config import Settings
from workbench.services.errors import UnavailableError

log = structlog.get_logger()

NICENESS = 3
"""Pages come first where both want the processor: they get twice as much of it. More, and a
counterfactual would stand still beside a run."""

Request = tuple[dict[str, str], bytes]
Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class _Running:
    """A process, and its connections that no request uses."""

    process: BaseProcess
    free: queue.SimpleQueue[Connection]


class Helper:
    """A process of its own with the same application; started again where it ended."""

    def __init__(self, settings: Settings, set_up: Callable[[], None], at_once: int) -> None:
        self._settings = settings
        self._set_up = set_up
        self._at_once = at_once
        self._guard = threading.Lock()
        self._running = self._started()

    def answer(self, environ: dict[str, str], body: bytes) -> Answer:
        """What the application answers; at most `at_once` may ask at a moment.

        Raises UnavailableError where the process ended over it.
        """
        running = self._running
        connection = running.free.get()
        try:
            connection.send((environ, body))
            found: Answer = connection.recv()
        except (EOFError, OSError) as error:
            self._replace(running, error)
            raise UnavailableError(
                gettext("This could not be computed. Try again in a moment.")
            ) from error
        running.free.put(connection)
        return found

    def _replace(self, ended: _Running, error: Exception) -> None:
        with self._guard:
            if self._running is ended:
                log.error("the process for expensive requests ended", cause=repr(error))
                ended.process.kill()
                ended.process.join()
                self._running = self._started()

    def _started(self) -> _Running:
        context = multiprocessing.get_context("spawn")
        pipes = [context.Pipe() for _ in range(self._at_once)]
        process = context.Process(
            target=_run,
            args=(self._settings, self._set_up, [theirs for _ours, theirs in pipes]),
            daemon=True,
        )
        process.start()
        free: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        for ours, theirs in pipes:
            theirs.close()
            free.put(ours)
        return _Running(process, free)

    def stop(self) -> None:
        """End the process."""
        self._running.process.terminate()
        self._running.process.join()


def _run(settings: Settings, set_up: Callable[[], None], connections: Sequence[Connection]) -> None:
    """Answer until the other ends are closed: by the server, or by its death."""
    # Ctrl-C goes to all processes of a terminal; the server ends this one when it has stopped.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_up()
    app = create_app(settings)
    # Of this thread alone on Linux; threads have that of the one that starts them.
    os.nice(NICENESS)
    threads = [threading.Thread(target=_answer, args=(app, each)) for each in connections]
    for thread in threads:
        thread.start()
    # What needs no encoder, like the dry run of an import, is answered meanwhile.
    threading.Thread(target=_warm, args=(app, settings), daemon=True).start()
    for thread in threads:
        thread.join()
    # The encoder may still be loading, for nobody, and Python would wait for it.
    os._exit(0)


def _answer(app: Any, connection: Connection) -> None:
    while True:
        try:
            environ, body = connection.recv()
            connection.send(_answered(app, environ, body))
        except (EOFError, OSError):
            return


def _answered(app: Any, environ: dict[str, str], body: bytes) -> Answer:
    whole: dict[str, Any] = {
        **environ,
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    parts, status, headers = run_wsgi_app(app, whole, buffered=True)
    return int(status.split()[0]), list(headers), b"".join(parts)


def _warm(app: Any, settings: Settings) -> None:
    """Load the encoder before the first counterfactual asks for it."""
    from workbench.services.encoding.registry import encoder_of  # noqa: PLC0415 - loads torch

    with app.app_context():
        try:
            encoder_of(settings)
        except Exception:
            log.exception("the encoder could not be loaded")
    gc.collect()
    gc.freeze()
