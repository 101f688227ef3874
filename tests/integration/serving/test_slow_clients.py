"""Clients that keep the server waiting: cut within a bound, and nobody else waits for them."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.server import ROOT, free_port

GRACE_S = 2.0
RATE = 20_000
CUT_WITHIN_S = GRACE_S + 4
SERVE = f"""
import sys
from flask import Flask, request
from workbench.serving import connections
connections.PATIENCE = dict.fromkeys(connections.PATIENCE, {GRACE_S})
connections.BYTES_PER_SECOND = {RATE}
connections.MOST_CONNECTIONS = 150
app = Flask("small")
app.config["MAX_CONTENT_LENGTH"] = 2**20
app.get("/healthz", endpoint="healthz")(lambda: "well")
app.get("/large", endpoint="large")(lambda: bytes(2**23))
app.post("/take", endpoint="take")(lambda: str(len(request.get_data())))
connections.listen(app, "127.0.0.1", int(sys.argv[1]), 8).run()
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with small pages and little patience."""
    number = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(number)], cwd=ROOT)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                seconds_of_healthz(number)
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield number
    finally:
        process.kill()
        process.wait()


def seconds_of_healthz(port: int) -> float:
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"well"
    connection.close()
    return time.monotonic() - began


def connected(port: int, sent: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    try:
        client.sendall(sent)
    except OSError:
        client.close()
        raise
    return client


def is_cut(client: socket.socket) -> bool:
    """Whether the server has hung up; what it still sent does not matter."""
    client.settimeout(0.01)
    try:
        while client.recv(2**20):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def drip(clients: list[socket.socket], ended: threading.Event) -> None:
    """A byte from each now and then, as often as would keep waitress content."""
    while not ended.wait(0.5):
        for client in clients:
            try:
                client.send(b"a")
            except OSError:
                continue


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nX-Long: ",
        b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n",
    ],
    ids=["nothing yet", "a header", "a body"],
)
def test_a_hundred_and_ten_who_drip_are_cut_and_hold_nobody_up(port: int, begun: bytes) -> None:
    ended = threading.Event()
    with ExitStack() as stack:
        began = time.monotonic()
        clients = [stack.enter_context(connected(port, begun)) for _ in range(110)]
        dripping = threading.Thread(target=drip, args=(clients if begun else [], ended))
        dripping.start()
        try:
            while not all(is_cut(each) for each in clients):
                assert seconds_of_healthz(port) < 1
                assert time.monotonic() - began < CUT_WITHIN_S + GRACE_S, "some are never cut"
                time.sleep(0.2)
        finally:
            ended.set()
            dripping.join()


def test_those_who_take_no_answer_are_cut_and_hold_no_thread(port: int) -> None:
    """Each asks for a hundred large pages at once and reads none: more than buffers hold."""
    asked = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 100
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(port, asked)) for _ in range(12)]
        began = time.monotonic()
        longest = 0.0
        while time.monotonic() - began < CUT_WITHIN_S:
            longest = max(longest, seconds_of_healthz(port))
            time.sleep(0.2)

        assert all(is_cut(each) for each in clients)
        assert longest < 1


def test_an_honest_slow_client_sends_and_takes_a_lot(port: int) -> None:
    """Longer than the grace, but steadily."""
    body = bytes(4 * RATE)
    pieces = [body[start : start + RATE // 4] for start in range(0, len(body), RATE // 4)]
    with connected(
        port, f"POST /take HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    ) as client:
        for piece in pieces:
            client.sendall(piece)
            time.sleep(0.2)
        assert client.makefile("rb").read().endswith(str(len(body)).encode())

    with connected(port, b"GET /large HTTP/1.0\r\n\r\n") as client:
        taken = 0
        began = time.monotonic()
        while piece := client.recv(2**20):
            taken += len(piece)
            time.sleep(max(began + taken / 2**21 - time.monotonic(), 0))
        assert taken > 2**23


def test_with_more_connections_than_there_is_room_for_the_longest_waiting_ones_go(
    port: int,
) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(port, b"GET /")) for _ in range(200)]

        assert seconds_of_healthz(port) < 1
        assert all(is_cut(each) for each in clients[:20])
        assert not any(is_cut(each) for each in clients[-20:])
