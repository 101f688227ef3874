"""Guessing passwords is slow; signing in is not, whatever others do."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from tests.support.patience import PATIENCE_S
from tests.support.server import free_port
from tests.web.conftest import Reader, make_app
from tests.web.fakes.data import PASSWORD
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.accounts import Account
from workbench.web.site import password_tries
from workbench.web.site.limits import limiter

pytestmark = pytest.mark.usefixtures("time_stands_still")

Guess = tuple[int, str | None, str]
"""Status, Retry-After, page."""


@pytest.fixture
def evaluated(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names whose passwords were evaluated; each evaluation takes as long as a real one."""
    seen: list[str] = []

    def slowly(name: str, _password: str) -> Account | None:
        seen.append(name)
        time.sleep(0.05)
        return None

    monkeypatch.setattr("workbench.services.accounts.authenticate", slowly)
    return seen


@pytest.fixture
def served(book: FakeWorkbench, evaluated: list[str]) -> Iterator[str]:
    """The pages on a port, in as many threads as `serve` has."""
    app = make_app(book)
    app.config["WTF_CSRF_ENABLED"] = False
    limiter.reset()
    port = free_port()
    server = create_server(app, host="127.0.0.1", port=port, threads=8)
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            wasyncore.loop(timeout=0.05, map=server._map, count=1)
        server.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://127.0.0.1:{port}/login"
    stopped.set()
    thread.join()


def guess(url: str, name: str, number: int) -> Guess:
    form = urllib.parse.urlencode({"name": name, "password": f"guess {number}"}).encode()
    try:
        with urllib.request.urlopen(url, form, timeout=PATIENCE_S) as answer:
            return answer.status, None, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"], error.read().decode()


def test_of_thirty_guesses_at_one_moment_five_are_evaluated(
    served: str, evaluated: list[str]
) -> None:
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda number: guess(served, "ada", number), range(30)))

    assert evaluated == ["ada"] * 5
    assert Counter(status for status, _wait, _page in answers) == {401: 5, 429: 25}
    for status, wait, page in answers:
        if status == 429:
            assert wait is not None
            assert 50 <= int(wait) <= 60
            assert f"Try again in {wait} s" in page or (wait == "60" and "in 1 min" in page)


def test_the_wait_that_is_told_is_the_wait(
    visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        visitor.sign_in("ada", f"wrong {number}")
    told = int(visitor.sign_in("ada").headers["Retry-After"])
    began = time.time()

    monkeypatch.setattr(time, "time", lambda: began + told - 2)
    assert visitor.sign_in("ada").status_code == 429
    monkeypatch.setattr(time, "time", lambda: began + told + 1)
    assert visitor.sign_in("ada").status_code == 303


def test_made_up_names_never_lock_somebody_else_out(
    visitor: Reader, ada: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = visitor.token()
    statuses = {
        visitor.client.post(
            "/login", data={"csrf_token": token, "name": f"nobody {each}", "password": "wrong"}
        ).status_code
        for each in range(2 * password_tries.WRONG_TRIES.amount)
    }

    assert statuses == {401}
    assert Reader(ada.client.application.test_client()).sign_in("ben").status_code == 303


def test_an_address_that_was_wrong_too_often_gets_one_try_a_minute_with_each_name(
    visitor: Reader, evaluated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        password_tries, "WRONG_TRIES", password_tries.RateLimitItemPerHour(3, namespace="FEW")
    )
    for each in range(3):
        visitor.sign_in(f"nobody {each}", "wrong")
    evaluated.clear()

    assert [visitor.sign_in("ada", f"wrong {each}").status_code for each in range(3)] == [
        *(401, 429, 429)
    ]
    assert evaluated == ["ada"]


def test_a_right_password_clears_what_was_counted(visitor: Reader) -> None:
    for _round in range(3):
        for number in range(4):
            assert visitor.sign_in("ada", f"wrong {number}").status_code == 401
        assert visitor.sign_in("ada", PASSWORD).status_code == 303
        visitor.post("/logout")


def test_a_name_that_nobody_has_is_refused_like_one_that_somebody_has(visitor: Reader) -> None:
    def told(name: str) -> list[tuple[int, str]]:
        answers = [visitor.sign_in(name, f"wrong {each}") for each in range(6)]
        return [(each.status_code, each.text.replace(name, "")) for each in answers]

    known, unknown = told("ada"), told("eve")

    assert [status for status, _page in known] == [status for status, _page in unknown]
    assert known[0][1].count("Incorrect user name") == unknown[0][1].count("Incorrect user name")


def test_every_limit_says_how_long_to_wait(visitor: Reader) -> None:
    address = "/counterfactuals/2/2.jpg?edit=group-200"
    # More than the limit: the sweeper of counters in memory may lose one.
    answers = (visitor.get(address) for _each in range(150))
    refused = next(each for each in answers if each.status_code == 429)

    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert "Try again in" in refused.text
