"""Connections of the HTTP server, waitress: read and sent beside its threads, with deadlines."""

from __future__ import annotations

import logging
import resource
import socket
import time
from collections.abc import Callable
from copy import copy
from typing import Any, Final

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server
from waitress.task import WSGITask

PATIENCE = {"request": 20.0, "reader": 60.0}
"""Seconds in which a request arrives and an answer is taken, or as many bytes of it as follow."""
BYTES_PER_SECOND = 500.0
SEND_BUFFER = 128 * 1024
"""Bytes that the system takes ahead of the reader: what is taken shows who reads."""
IDLE_SECONDS = 30
"""A connection that is kept without a request is closed after these."""
MOST_CONNECTIONS = 500
"""With one more, the one that keeps us waiting the longest is closed."""
FILES = 2048
"""Files that the process may have open, where the system allows it; macOS begins with 256."""
LARGEST_BODY: Final = "workbench_largest_body"
"""Key of `app.extensions`: a function that tells how large the body of a POST to a path may be,
0 for the usual limit."""
HOLD = "workbench.hold"
"""Key of a request's environment: a function that keeps the answer back for so many seconds,
without a thread."""


class Parser(HTTPRequestParser):
    """A request, whose body may be large where the application allows it.

    Other large bodies are refused by their headers: they would be spooled to disk whole before the
    application could.
    """

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        command: str = self.command  # type: ignore[assignment]  # waitress's stubs say bytes
        path: str = self.path  # type: ignore[attr-defined]  # and leave this one out
        largest_body: Callable[[str], int] = self.adj.largest_body  # type: ignore[attr-defined]
        if command == "POST" and (largest := largest_body(path)):
            self.adj = copy(self.adj)
            self.adj.max_request_body_size = largest + 1


class Task(WSGITask):
    """A request, whose answer the application may keep back."""

    channel: Channel

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[HOLD] = self.channel.hold
        return environ


class Channel(HTTPChannel):
    """A connection that is cut where its peer keeps the server waiting.

    waitress counts from the last byte, so that a byte now and then keeps a connection for good.
    """

    task_class = Task
    parser_class = Parser

    def __init__(
        self, server: BaseWSGIServer, sock: socket.socket, *arguments: Any, **options: Any
    ) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._waits_for = "request"
        self._since = time.monotonic()
        self._bytes = 0
        self._held_until = 0.0
        super().__init__(server, sock, *arguments, **options)
        others: list[Channel] = [
            each
            for each in list(server.active_channels.values())  # type: ignore[attr-defined]
            if each is not self and each.waited() is not None
        ]
        if others and len(server.active_channels) > MOST_CONNECTIONS:  # type: ignore[arg-type]
            max(others, key=lambda each: each.waited() or 0.0).handle_close()

    def hold(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._held_until = time.monotonic() + seconds

    def waited(self) -> float | None:
        """Seconds since the peer has the move; None while this side has it."""
        waits_for = self._present()
        if waits_for != self._waits_for:
            self._waits_for, self._since, self._bytes = waits_for, time.monotonic(), 0
        return None if waits_for == "us" else time.monotonic() - self._since

    def _present(self) -> str:
        if self._is_held:
            return "us"
        if self.total_outbufs_len:
            return "reader"
        if self.requests:
            return "us"
        # A connection that has asked before is idle: waitress closes it.
        return "request" if self.request is not None or self._waits_for == "request" else "idle"

    @property
    def _is_held(self) -> bool:
        return time.monotonic() < self._held_until

    @property
    def _is_overdue(self) -> bool:
        waited, patience = self.waited(), PATIENCE.get(self._waits_for)
        if waited is None or patience is None or waited < patience:
            return False
        if self._bytes < patience * BYTES_PER_SECOND:
            return True
        self._since, self._bytes = time.monotonic(), 0
        return False

    def readable(self) -> bool:
        """Whether to read; asked once a second at least, by the one thread that may close it."""
        if self.connected and self._is_overdue:
            self.handle_close()
        return self.connected and super().readable()

    def writable(self) -> bool:
        return self.connected and not self._is_held and bool(super().writable())

    def service(self) -> None:
        """Answer one request, and hang up on what was asked for ahead of the answer.

        Browsers do not, and a hundred answers that nobody takes would fill the buffers, for whose
        room a thread would wait. Who has asked ahead asks again (RFC 9112, 9.3.2).
        """
        with self.requests_lock:  # type: ignore[attr-defined]
            if len(self.requests) > 1:
                for each in self.requests[1:]:
                    each.close()
                self.requests = self.requests[:1]
                self.requests[0].headers["CONNECTION"] = "close"  # type: ignore[index]
        super().service()

    def recv(self, buffer_size: int) -> bytes:
        data: bytes = super().recv(buffer_size)
        self._bytes += len(data)
        return data

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: FBT002 - waitress's
        sent: int = super().send(data, do_close)
        self._bytes += sent
        return sent

    def _flush_some(self, do_close: bool = True) -> bool:  # noqa: FBT002 - waitress's
        return not self._is_held and bool(super()._flush_some(do_close))  # type: ignore[misc]


def listen(app: Flask, host: str, port: int, threads: int) -> BaseWSGIServer | MultiSocketServer:
    """A server that has its port; `threads` answer at a time."""
    _allow_files()
    # It warns of each request that waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    sockets: dict[int, Any] = {}
    server = create_server(
        app,
        map=sockets,
        host=host,
        port=port,
        threads=threads,
        ident=None,
        max_request_body_size=app.config["MAX_CONTENT_LENGTH"],
        max_request_header_size=32 * 1024,
        clear_untrusted_proxy_headers=True,
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=5,
        # Never reached: `Channel` makes room before.
        connection_limit=2 * MOST_CONNECTIONS,
        asyncore_use_poll=True,
        backlog=MOST_CONNECTIONS,
    )
    largest_body = app.extensions.get(LARGEST_BODY, lambda _path: 0)
    for each in sockets.values():
        if isinstance(each, BaseWSGIServer):
            each.channel_class = Channel
            each.adj.largest_body = largest_body  # type: ignore[attr-defined]
    return server


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
