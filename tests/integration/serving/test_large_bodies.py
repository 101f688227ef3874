"""Large requests: taken where the application says so, refused by their headers elsewhere."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.server import ROOT, free_port

LARGEST = 3_000_000
SERVE = f"""
import sys
from flask import Flask, request
from workbench.serving import connections
app = Flask("small")
app.config["MAX_CONTENT_LENGTH"] = 2**20
def largest(path):
    return {LARGEST} if path == "/take/ticket" else 0
app.extensions[connections.LARGEST_BODY] = largest
@app.post("/take/<name>")
def take(name):
    request.max_content_length = {LARGEST}
    return str(len(request.get_data()))
connections.listen(app, "127.0.0.1", int(sys.argv[1]), 4).run()
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that takes three megabytes at one address."""
    number = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(number)], cwd=ROOT)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", number), timeout=PATIENCE_S).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield number
    finally:
        process.kill()
        process.wait()


def posted(port: int, path: str, size: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("POST", path, bytes(size))
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def refusal_before_the_body(port: int, path: str, size: int) -> bytes:
    """What the server says when it has seen nothing but the headers."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
        client.sendall(head.encode())
        return client.recv(4096).split(b"\r\n")[0]


def test_a_large_body_is_taken_where_it_is_allowed(port: int) -> None:
    assert posted(port, "/take/ticket", LARGEST) == (200, str(LARGEST).encode())
    assert posted(port, "/take/other", 1000) == (200, b"1000")


@pytest.mark.parametrize(
    ("path", "size"),
    [("/take/ticket", LARGEST + 1), ("/take/other", 2**20), ("/take/ticket/", LARGEST)],
)
def test_another_large_body_is_refused_before_it_is_sent(port: int, path: str, size: int) -> None:
    assert refusal_before_the_body(port, path, size) == (b"HTTP/1.1 413 Request Entity Too Large")


def test_what_one_request_may_send_the_next_on_its_connection_may_not(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("POST", "/take/ticket", bytes(LARGEST))
    assert connection.getresponse().read() == str(LARGEST).encode()
    connection.putrequest("POST", "/take/other")
    connection.putheader("Content-Length", str(LARGEST))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
