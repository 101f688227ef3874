"""One request to a receiver: to a checked address, bounded in time, of whose answer little is read.

By `http.client` and not by a larger library: no proxy of the environment, no redirect, no cookie,
no packed answer, and the connection is made here.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext

from workbench.services.webhooks.addresses import Destination

CONNECT_SECONDS: Final = 5.0
SECONDS: Final = 15.0
"""For the whole of a request, from the connection to the head of the answer."""


class UnansweredError(Exception):
    """There was no answer; the message says why."""


@dataclass(frozen=True)
class Answer:
    """The head of an answer; nothing of its body is read."""

    status: int
    retry_after: str | None


def post(to: Destination, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a body, and wait for the head of the answer. Raises UnansweredError."""
    kind = http.client.HTTPSConnection if to.scheme == "https" else http.client.HTTPConnection
    connection = kind(to.host, to.port)
    deadline = _Deadline()
    try:
        with deadline.kept():
            connection.sock = _connected(to, deadline)
            connection.request("POST", to.target, body, dict(headers))
            found = connection.getresponse()
            return Answer(found.status, found.getheader("Retry-After"))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UnansweredError(_words(error, late=deadline.is_over)) from error
    finally:
        connection.close()


class _Deadline:
    """Ends a connection in time, however slowly its other end talks."""

    def __init__(self) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []

    @contextmanager
    def kept(self) -> Iterator[None]:
        timer = threading.Timer(SECONDS, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def watch(self, made: socket.socket) -> None:
        self._sockets.append(made)

    def _end(self) -> None:
        self.is_over = True
        for each in self._sockets:
            try:
                # What waits for the other end is woken by this, and not by `close`.
                socket.socket.shutdown(each, socket.SHUT_RDWR)
            except OSError:
                continue


def _connected(to: Destination, deadline: _Deadline) -> socket.socket:
    plain = _first_that_answers(to)
    plain.settimeout(SECONDS)
    if to.scheme == "http":
        deadline.watch(plain)
        return plain
    secured = ssl.create_default_context().wrap_socket(
        plain, server_hostname=to.host, do_handshake_on_connect=False
    )
    deadline.watch(secured)
    try:
        secured.do_handshake()
    except BaseException:
        secured.close()
        raise
    return secured


def _first_that_answers(to: Destination) -> socket.socket:
    *others, last = to.addresses
    for each in others:
        try:
            return socket.create_connection((each, to.port), CONNECT_SECONDS)
        except OSError:
            continue
    return socket.create_connection((last, to.port), CONNECT_SECONDS)


def _words(error: Exception, *, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return gettext("No answer within %(seconds)s seconds.", seconds=round(SECONDS))
    if isinstance(error, ssl.SSLCertVerificationError):
        return gettext("Its certificate is not accepted: %(why)s.", why=error.verify_message)
    if isinstance(error, ssl.SSLError):
        return gettext("It does not speak https as it should.")
    if isinstance(error, ConnectionRefusedError):
        return gettext("The connection was refused.")
    if isinstance(error, OSError | http.client.RemoteDisconnected):
        return gettext("The connection broke before there was an answer.")
    return gettext("Its answer is not HTTP.")
