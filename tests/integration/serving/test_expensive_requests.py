"""Expensive requests on a real server: few at once, refused with words, and pages go on."""

from __future__ import annotations

import http.client
import re
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import psutil

from tests.support.patience import PATIENCE_S
from tests.support.prepared import COLLECTION, NAME, PASSWORD, copy_of
from tests.support.server import Server, live_server
from workbench.web.site.slots import OF_ONE_VISITOR

ASKED = 6
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """Somebody with a cookie."""

    def __init__(self, server: Server) -> None:
        assert server.port is not None
        self._port = server.port
        self._cookie = ""

    def ask(
        self, path: str, fields: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes, float]:
        """The answer, its body, and the seconds that it took."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        headers = {"Cookie": self._cookie, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(fields) if fields is not None else None
        connection.request("GET" if fields is None else "POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        for each in answer.headers.get_all("Set-Cookie") or []:
            self._cookie = each.partition(";")[0]
        return answer, content, time.monotonic() - began

    def token(self, path: str) -> str:
        found = TOKEN.search(self.ask(path)[1].decode())
        assert found
        return found[1]

    def sign_in(self) -> None:
        fields = {"csrf_token": self.token("/login"), "name": NAME, "password": PASSWORD}
        assert self.ask("/login", fields)[0].status == 303


def image(number: int) -> str:
    return f"/c/{COLLECTION}/images/{number}"


def test_with_all_slots_taken_pages_answer_and_the_next_is_told_when_to_come_again(
    analysed_once: Path, tmp_path: Path
) -> None:
    data_dir = copy_of(analysed_once, tmp_path / "data")
    with live_server(data_dir, tmp_path / "serve.log", open_reading="true") as server:
        stranger, ada = Visitor(server), Visitor(server)
        ada.sign_in()
        answers: dict[str, list[tuple[int, str | None, float]]] = {"stranger": [], "ada": []}

        # Who could write a note says first what they expect, which computes nothing.
        paths = {"ada": [_expected(ada, number) for number in range(ASKED)]}
        # Dimensions of other images: no two ask for the same.
        paths["stranger"] = [
            f"{image(1 + number)}?edit=dimension-{number}&expectation=fall"
            for number in range(ASKED)
        ]

        def try_out(name: str, visitor: Visitor, number: int) -> None:
            path = paths[name][number]
            answer, _body, seconds = visitor.ask(path)
            answers[name].append((answer.status, answer.headers["Retry-After"], seconds))

        # The process that answers them is still loading its encoder: they hold their slots.
        asking = [
            threading.Thread(target=try_out, args=(name, visitor, number))
            for name, visitor in (("stranger", stranger), ("ada", ada))
            for number in range(ASKED)
        ]
        for each in asking:
            each.start()
        deadline = time.monotonic() + 20
        while any(len(each) < ASKED - OF_ONE_VISITOR for each in answers.values()):
            assert time.monotonic() < deadline, answers
            time.sleep(0.05)
        refused = [each for found in answers.values() for each in found]
        pages = [visitor.ask(f"/c/{COLLECTION}/") for visitor in (stranger, ada)]
        _answer, words, _seconds = ada.ask(f"/c/{COLLECTION}/export/overview.png")
        held = sum(each.is_alive() for each in asking)
        for each in asking:
            each.join()

        assert [status for status, _retry, _seconds in refused] == [503] * len(refused)
        assert all(int(retry or 0) > 0 for _status, retry, _seconds in refused)
        assert [answer.status for answer, _body, _seconds in pages] == [200, 200]
        assert "busy with other computations" in words.decode()
        assert held == 2 * OF_ONE_VISITOR, "they were all held while the pages were read"
        for found in answers.values():
            assert sorted(status for status, _retry, _seconds in found) == [200] * 2 + [503] * 4

        _see_a_form_through_the_other_process(ada)
        _see_the_other_process_die(server, stranger)


def _expected(visitor: Visitor, number: int) -> str:
    """The address of a trial of this dimension, once it is said what is expected."""
    here = image(1 + number)
    fields = {"edit": f"dimension-{number}", "expectation": "fall"}
    token = visitor.token(here)
    answer, _body, _seconds = visitor.ask(f"{here}/expectations", {**fields, "csrf_token": token})
    assert answer.status == 303
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def _see_a_form_through_the_other_process(ada: Visitor) -> None:
    [expected] = parse_qs(urlsplit(_expected(ada, 0)).query)["expected"]
    fields = {"expected": expected, "text": "A hand.", "csrf_token": ada.token(image(1))}
    answer, _body, _seconds = ada.ask(f"{image(1)}/notes", fields)
    assert answer.status == 303
    page = ada.ask(image(1))[1].decode()
    assert "A hand." in page
    assert "Note saved." in page


def _see_the_other_process_die(server: Server, stranger: Visitor) -> None:
    def helpers() -> list[psutil.Process]:
        children = psutil.Process(server.process.pid).children()
        alive = [each for each in children if each.status() != psutil.STATUS_ZOMBIE]
        return [each for each in alive if "spawn_main" in " ".join(each.cmdline())]

    (first,) = helpers()
    first.kill()
    edit = f"{image(3)}?edit=dimension-2&expectation=fall"
    answer, words, _seconds = stranger.ask(edit)
    assert answer.status == 503
    assert "could not be computed" in words.decode()
    assert stranger.ask(edit)[0].status == 200, "another one has been started"

    (second,) = helpers()
    server.kill()
    assert second.wait(timeout=PATIENCE_S) is None, "it does not outlive the server"
