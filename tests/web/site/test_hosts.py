"""The workbench answers to its own names: a page elsewhere cannot read it by DNS rebinding."""

from __future__ import annotations

import pytest

from tests.web.conftest import Reader, make_app
from tests.web.fakes.workbench import FakeWorkbench
from workbench.cli.context import own_names
from workbench.config import Settings

PAGES = ("/", "/c/faces/", "/login", "/images/2.jpg", "/healthz", "/nothing")


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize(
    "host",
    [
        "rebound.example",
        "rebound.example:8000",
        "localhost.rebound.example",
        "127.0.0.1.rebound.example:8000",
        "notlocalhost",
        "10.0.0.7:8000",
        "[::2]:8000",
        "a b",
        "[::1",
        "",
    ],
)
def test_a_name_that_is_not_ours_reads_nothing(visitor: Reader, url: str, host: str) -> None:
    answer = visitor.get(url, headers={"Host": host})

    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert "faces" not in answer.text
    assert "WORKBENCH_TRUSTED_HOSTS=" in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_name_that_is_not_ours_writes_nothing(ada: Reader, book: FakeWorkbench) -> None:
    form = {"csrf_token": ada.token(), "decision": "real"}
    url, headers = "/c/faces/images/2/verdicts", {"Host": "rebound.example"}

    assert ada.client.post(url, data=form, headers=headers).status_code == 400
    assert book.untouched


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_this_machines_own_names_are_answered(visitor: Reader, host: str) -> None:
    assert visitor.get("/", headers={"Host": host}).status_code == 200


def test_the_refusal_names_the_setting_that_lets_the_name_in(
    book: FakeWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Reader(make_app(book).test_client()).get("/", headers={"Host": "bench.example:8000"})
    name, _, value = refused.text.split()[-1].partition("=")
    monkeypatch.setenv(name, f"other.example, {value}")

    let_in = Reader(make_app(book).test_client())

    assert value == "bench.example"
    assert let_in.get("/", headers={"Host": "bench.example:8000"}).status_code == 200
    assert let_in.get("/", headers={"Host": "rebound.example"}).status_code == 400


def test_a_domain_stands_for_all_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_TRUSTED_HOSTS", " .example.org ,, bench ")

    assert Settings().trusted_hosts == (".example.org", "bench")


def test_a_server_answers_to_the_address_that_it_listens_on() -> None:
    assert own_names("10.0.0.7") == ("10.0.0.7",)
    assert own_names("::2") == ("::2",)
    assert "0.0.0.0" not in own_names("0.0.0.0")
    assert own_names("0.0.0.0")
