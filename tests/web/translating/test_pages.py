"""Every text of every page can be translated."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.web.addresses import PAGES, needs_account
from tests.web.conftest import Reader
from tests.web.fakes import state as fake_state
from tests.web.fakes.runs import run
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.noting import noted, run_edit
from tests.web.translating.pseudo import LANGUAGE, Bare
from tests.web.translating.worked_on import bare_words, fill
from workbench.services.models.outside import Beside, Outside

SIGNED = r'value="[^"]{60,}"|action="/imports/(?:upload|labels)/[^"]+"'
"""Tokens, which are others each time."""


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("name", ["ada", "ben", None])
def test_a_page_has_no_word_that_cannot_be_translated(
    url: str, name: str | None, speaking: Callable[..., Reader]
) -> None:
    reader = None if url == "/login" else name
    if needs_account(url):
        reader = name or "ada"

    page = speaking(reader).get(url)

    assert "⟦" in page.text
    assert not bare_words(page.text)


@pytest.mark.parametrize(
    "url",
    [
        *PAGES,
        "/c/faces/cells/11?version=2",
        "/c/faces/cells/13?version=2",
        "/c/faces/?cell=13&version=1&label=real&outcome=fake_right",
        "/c/faces/?a=11&order=wrong",
        "/c/faces/patterns/32",
        "/c/faces/images/2?edit=dimension-2&expectation=stay",
        "/c/faces/images/2?edit=dimension-1&to=cell-11&expectation=rise&cell=11&a=12&b=13",
        "/c/faces/images/5?version=1&dimension=0",
    ],
)
@pytest.mark.parametrize("worker_alive", [True, False])
def test_nor_has_one_on_which_people_have_worked(
    url: str, worker_alive: bool, speaking: Callable[..., Reader], book: FakeWorkbench
) -> None:
    ada = speaking("ada")
    fill(book, ada, worker_alive=worker_alive)

    page = speaking().get(url) if url == "/login" else ada.get(url)

    assert not bare_words(page.text)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "queued", "fraction": None, "seconds_left": None},
        {"state": "running"},
        {"state": "running", "stage": "", "seconds_left": 300.0},
        {"state": "running", "stage": "Computing attributions", "rate": 3.2},
        {"state": "running", "cancel_requested": True},
        {"state": "failed"},
    ],
)
@pytest.mark.parametrize("worker_alive", [True, False])
def test_nor_has_a_run(
    changes: dict[str, object],
    worker_alive: bool,
    speaking: Callable[..., Reader],
    book: FakeWorkbench,
) -> None:
    book.runs = [run(**changes)]
    book.worker_alive = worker_alive
    ada = speaking("ada")

    for url in ("/c/faces/models", "/c/raw/", "/c/faces/"):
        assert not bare_words(ada.get(url).text)
    fragment = ada.get("/c/faces/runs/7", headers={"HX-Request": "true"})
    assert not bare_words(fragment.text)


@pytest.mark.parametrize("url", ["", "images/2", "patterns", "models", "adjudicate", "data"])
def test_nor_has_one_of_a_version_with_scores_alone(
    url: str,
    speaking: Callable[..., Reader],
    book: FakeWorkbench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores = Outside(model="ada", file="ada", digest="0" * 64, without_score=3)
    version = replace(fake_state.NEW, outside=scores, beside=Beside(1, 0.8))
    monkeypatch.setattr(fake_state, "NEW", version)
    book.figures = replace(book.figures, cross_validated=None, all_labelled=book.figures.test)

    page = speaking("ada").get(f"/c/faces/{url}", follow_redirects=True)

    assert page.status_code == 200
    assert not bare_words(page.text)


def test_nor_has_an_empty_page(speaking: Callable[..., Reader], book: FakeWorkbench) -> None:
    ada = speaking("ada")
    for image in book.waiting():
        ada.post(f"/c/faces/images/{image}/verdicts", decision="real", version="2")
    answer = ada.get("/c/faces/adjudicate?version=2")
    book.collections = []

    assert not bare_words(answer.text)
    assert not bare_words(ada.get("/").text)


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("/c/faces/images/2/verdicts", {"decision": "real"}),
        ("/groups/200/tags", {"tag": "fake smile"}),
        ("/patterns/31/tags", {"tag": "fake smile"}),
        ("/c/faces/runs", {}),
    ],
)
def test_nor_has_what_is_said_after_saving_and_taking_back(
    url: str, fields: dict[str, str], speaking: Callable[..., Reader]
) -> None:
    ada = speaking("ada")

    saved = ada.client.get(ada.post(url, back="/taxonomy", **fields).location).text
    undo = re.search(r'action="([^"]+/withdraw)"', saved)
    taken_back = ada.client.get(ada.post(undo[1]).location).text if undo else ""

    assert "⟦" in saved
    assert not bare_words(saved)
    assert not bare_words(taken_back)


def test_nor_has_what_is_said_of_a_note(speaking: Callable[..., Reader]) -> None:
    ada = speaking("ada")

    run_once = ada.get(run_edit(ada)).text
    run_again = ada.get(run_edit(ada, expectation="rise", bound="0.5")).text
    saved = ada.client.get(noted(ada, "ada").location).text

    for text in (run_once, run_again, saved):
        assert not bare_words(text)


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("/login", {"name": "", "password": ""}),
        ("/login", {"name": "ada", "password": "wrong"}),
        ("/c/faces/images/2/verdicts", {"decision": ""}),
        ("/c/faces/images/2/verdicts", {"decision": "perhaps"}),
        ("/c/faces/images/2/verdicts", {"decision": "real", "reason": "x" * 9000}),
        ("/c/faces/images/2/expectations", {"edit": ""}),
        ("/c/faces/images/2/expectations", {"edit": "nothing", "expectation": "fall"}),
        (
            "/c/faces/images/2/expectations",
            {"edit": "group-200", "expectation": "fall", "bound": "2"},
        ),
        ("/c/faces/images/2/notes", {"text": "ada"}),
        ("/c/faces/images/2/notes", {"expected": "1", "text": ""}),
        ("/groups/200/tags", {"tag": "x" * 300}),
        ("/groups/200/tags", {"tag": "\x07"}),
        ("/c/nothing/runs", {}),
    ],
)
@pytest.mark.parametrize("fragment", [True, False])
def test_nor_has_a_refusal(
    url: str, fields: dict[str, str], fragment: bool, speaking: Callable[..., Reader]
) -> None:
    reader = speaking(None if url == "/login" else "ada")
    if fragment:
        reader.client.environ_base["HTTP_HX_REQUEST"] = "true"

    answer = reader.post(url, **fields)

    assert answer.status_code >= 400
    assert "⟦" in answer.text
    assert not bare_words(answer.text)


@pytest.mark.parametrize(
    "query",
    ["cell=x", "cell=99999999999", "level=99", "order=best", "window=1,2", f"after={'x' * 300}"],
)
def test_nor_has_the_answer_to_a_mistyped_address(
    query: str, speaking: Callable[..., Reader]
) -> None:
    answer = speaking().get(f"/c/faces/?{query}")

    assert answer.status_code == 422
    assert not bare_words(answer.text)


def test_nor_has_a_counterfactual_that_cannot_be_tried(
    speaking: Callable[..., Reader], book: FakeWorkbench
) -> None:
    book.encoder_missing = True

    for expectation in ("", "&expectation=fall"):
        address = f"/c/faces/images/2?edit=group-200{expectation}"
        assert not bare_words(speaking("ada").get(address).text)


@pytest.mark.parametrize("url", PAGES)
def test_a_translation_changes_words_and_nothing_else(
    url: str, speaking: Callable[..., Reader]
) -> None:
    """Tags, addresses, ids, classes and keys are the same: scripts and styles depend on them."""
    reader = "ada" if needs_account(url) else None
    english, translated = (
        Bare(re.sub(SIGNED, "", speaking(reader, language).get(url).text))
        for language in ("en", LANGUAGE)
    )

    assert english.tags[0] == ("html", {"lang": "en"})
    assert translated.tags[0] == ("html", {"lang": LANGUAGE})
    assert translated.tags[1:] == english.tags[1:]
    assert translated.depth == 0
