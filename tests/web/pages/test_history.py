"""Histories of people: sentences, filters, undo of one's own, and their export."""

from __future__ import annotations

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.review.history import EventView
from workbench.web.presenters.history import history
from workbench.web.site.event_words import event_words


@pytest.fixture
def given(ada: Reader, ben: Reader) -> None:
    ada.post("/c/faces/images/2/verdicts", decision="fake")
    ada.post("/c/faces/images/3/verdicts", decision="unsure")
    ben.post("/c/faces/images/2/verdicts", decision="real")


@pytest.mark.usefixtures("given")
def test_a_history_is_sentences_with_the_images_they_are_about(ada: Reader) -> None:
    text = ada.get("/people/1/history").text

    assert "gave the verdict “fake”" in text
    assert "gave the verdict “unsure”" in text
    assert "“real”" not in text
    assert "/c/faces/images/2" in text
    assert "face 2 &lt;b&gt;" in text
    assert "face 2 <b>" not in text


@pytest.mark.usefixtures("given")
def test_one_event_is_undone_from_my_history(book: FakeWorkbench, ada: Reader) -> None:
    event = book.verdicts[2][0].id

    answer = ada.post(f"/history/{event}/undo", back="/people/1/history?kind=verdict")

    assert (answer.status_code, answer.location) == (303, "/people/1/history?kind=verdict")
    assert book.verdicts[2][0].withdrawn
    assert "Undone." in ada.get(answer.location).text


@pytest.mark.usefixtures("given")
def test_many_are_undone_as_counted_or_none(book: FakeWorkbench, ada: Reader) -> None:
    text = ada.get("/people/1/history").text
    assert "Undo these 2" in text
    newest = max(book.verdicts[2][0].id, book.verdicts[3][0].id)

    stale = ada.post("/history/undo", count="1", newest=str(newest))
    assert stale.status_code == 409
    assert not book.verdicts[3][0].withdrawn

    done = ada.post("/history/undo", count="2", newest=str(newest))
    assert done.status_code == 303
    assert book.verdicts[2][0].withdrawn
    assert book.verdicts[3][0].withdrawn
    assert not book.verdicts[2][1].withdrawn, "ben's stands"


@pytest.mark.usefixtures("given")
def test_nobody_undoes_from_the_history_of_another(ada: Reader, visitor: Reader) -> None:
    for reader in (ada, visitor):
        page = reader.get("/people/2/history").text
        assert "History of ben" in page
        assert "/undo" not in page


def test_my_history_leads_to_ones_own_and_asks_strangers_to_sign_in(
    ada: Reader, visitor: Reader
) -> None:
    assert ada.get("/history").location == "/people/1/history"
    assert "/login" in visitor.get("/history").location
    assert 'href="/history"' in ada.get("/").text


def test_an_empty_history_says_so_with_and_without_filters(ada: Reader) -> None:
    assert "Nothing decided yet" in ada.get("/people/1/history").text
    filtered = ada.get("/people/1/history?kind=note&collection=faces").text
    assert "Nothing that these filters let through" in filtered
    assert 'value="note" selected' in filtered


@pytest.mark.parametrize(
    "query",
    ["kind=hats", "since=soon", "since=0001-01-01", "since=2026-03-02&until=2026-03-01", "after=x"],
)
def test_a_wrong_filter_is_refused(ada: Reader, query: str) -> None:
    assert ada.get(f"/people/1/history?{query}").status_code == 422


def test_the_history_of_nobody_is_not_found(ada: Reader) -> None:
    assert ada.get("/people/77/history").status_code == 404


@pytest.mark.usefixtures("given")
def test_an_export_is_a_file_and_needs_an_account(ada: Reader, visitor: Reader) -> None:
    answer = ada.get("/history/export?format=csv&person=1")

    assert answer.headers["Content-Disposition"] == "attachment; filename=history.csv"
    assert answer.mimetype == "text/csv"
    assert answer.text.count("verdict.give") == 2
    assert ada.get("/history/export?format=xls").status_code == 422
    assert "/login" in visitor.get("/history/export").location


def test_an_image_shows_each_decision_once(book: FakeWorkbench, ada: Reader) -> None:
    ada.post("/c/faces/images/2/verdicts", decision="fake")
    [given] = book.verdicts[2]

    entries = history([given], [], [])
    assert [each.verdict for each in entries] == [given]
    text = ada.get("/c/faces/images/2").text
    assert "gave the verdict" not in text


def event(action: str, **told: object) -> EventView:
    return EventView(
        **{
            "id": 1,
            "at": None,
            "person_id": 1,
            "by": "ada",
            "action": action,
            "subject": "tagging:1",
            "before": None,
            "after": None,
            "image_id": None,
            "image": "",
            "tag_id": 1,
            "tag": "moss",
            "collection": "",
            "version": None,
            "undoes_id": None,
            "undone": False,
            "undoable": False,
            **told,
        }  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (event("tag.add", after={"regions": 1}), "put the tag “moss” on 1 region"),
        (event("tag.add", after={"regions": 2400}), "put the tag “moss” on 2,400 regions"),
        (event("tag.add", version=3), "put the tag “moss” on a pattern"),
        (event("tag.add", image_id=3), "put the tag “moss” on a region"),
        (event("tag.check", after={"fits": False}), "checked a region: “moss” does not fit"),
        (event("tag.describe", after={"name": "x"}), "changed the tag “moss”: name"),
        (
            event("verdict.withdraw", before={"decision": "exclude"}),
            "withdrew the verdict “excluded”",
        ),
        (
            event("note.save", after={"expectation": "fall"}),
            "wrote a counterfactual note, expecting p(fake) to fall",
        ),
        (event("thing.un_known"), "thing: un known"),
    ],
)
def test_each_event_is_a_sentence(app: object, told: EventView, words: str) -> None:
    with app.test_request_context():  # type: ignore[attr-defined]
        assert event_words(told) == words
