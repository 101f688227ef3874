"""The notes of a collection: listed, searched, answered, replayed."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.noting import noted

HTML = "<b>glare</b> \u05e9\u05e4\u05d4"


def note_of(book: FakeWorkbench) -> int:
    [note] = book.notes
    return note


def test_without_notes_the_page_says_how_to_write_one(ada: Reader) -> None:
    page = ada.get("/c/faces/notes").text

    assert "No notes yet" in page
    assert "say what you expect p(fake) to do" in page


def test_a_note_stands_with_what_was_expected_and_what_came_of_it(
    ada: Reader, visitor: Reader
) -> None:
    noted(ada, HTML, bound="0.5")

    page = visitor.get("/c/faces/notes").text
    assert "&lt;b&gt;glare&lt;/b&gt;" in page
    assert "<b>glare" not in page
    assert 'dir="auto"' in page
    assert "Expected to fall below 0.5:" in page
    assert '<b class="met">met</b>' in page
    assert "Reply" not in page, "a visitor writes nothing"
    assert "Replay " not in page


def test_a_version_says_how_many_expectations_are_met_and_how_many_wait(ada: Reader) -> None:
    noted(ada)
    noted(ada, "so they say", expectation="rise")

    on_two = ada.get("/c/faces/notes?version=2").text
    on_one = ada.get("/c/faces/notes?version=1").text

    assert re.findall(r'class="number">(\d+)</b> (met|not met|not replayed yet)', on_two) == [
        ("1", "met"),
        ("1", "not met"),
    ]
    assert '<b class="number">2</b> not replayed yet' in on_one
    assert "Replay 2 on v1" in on_one


def test_one_note_is_replayed_on_the_version_that_is_shown(
    ada: Reader, book: FakeWorkbench
) -> None:
    noted(ada)

    answer = ada.post(f"/c/faces/notes/{note_of(book)}/replay?version=1")

    assert answer.status_code == 303
    page = ada.get(answer.location).text
    assert "Replayed on v1." in page
    assert '<b class="number">1</b> met' in page


def test_all_notes_are_replayed_by_the_worker_and_that_can_be_cancelled(
    ada: Reader, book: FakeWorkbench
) -> None:
    noted(ada)
    here = "/c/faces/notes?version=1"

    assert ada.post("/c/faces/notes/replays?version=1").location == here
    assert ada.post("/c/faces/notes/replays?version=1").status_code == 409
    running = ada.get(here).text
    assert "Replaying: 0 of 1" in running
    assert 'hx-trigger="every 2s"' in running
    book.worker_alive = False
    assert "python manage.py worker" in ada.get(here).text

    assert ada.post("/c/faces/notes/replays/cancel?version=1").status_code == 303
    assert book.replaying is None
    assert ada.post("/c/faces/notes/replays/cancel?version=1").status_code == 409


def test_what_cannot_be_replayed_and_what_stopped_the_worker_is_said(
    ada: Reader, book: FakeWorkbench
) -> None:
    noted(ada)
    book.replays[note_of(book), 1] = "Dimension 1 means something else in this version."
    book.replay_error = "The encoder cannot be had."

    page = ada.get("/c/faces/notes?version=1").text

    assert "cannot be replayed" in page
    assert "means something else" in page
    assert "ended early: The encoder cannot be had." in page


def test_somebody_replies_and_withdraws_their_own_reply(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    noted(ada)

    answer = ben.post(f"/notes/{note_of(book)}/replies", text=HTML, back="/c/faces/notes")
    assert answer.location == "/c/faces/notes"
    page = ben.get("/c/faces/notes").text
    assert "Reply saved." in page
    assert page.count("&lt;b&gt;glare") == 1
    [reply] = book.replies
    assert f"/replies/{reply}/withdraw" in page
    assert f'action="/replies/{reply}/withdraw"' not in ada.get("/c/faces/notes").text

    ben.post(f"/replies/{reply}/withdraw", back="/c/faces/notes")
    assert not book.replies


def test_an_empty_or_endless_reply_is_refused(ada: Reader, book: FakeWorkbench) -> None:
    noted(ada)

    for text in ("", "  ", "x" * 10_000, "a\x07b"):
        assert ada.post(f"/notes/{note_of(book)}/replies", text=text).status_code == 422
    assert ada.post("/notes/999/replies", text="so").status_code == 404
    assert not book.replies


def test_notes_are_searched_and_filtered(ada: Reader, ben: Reader) -> None:
    noted(ada)
    noted(ben, "a border")

    assert "a border" not in ada.get("/c/faces/notes?words=GLARE").text
    assert "the glare" not in ada.get("/c/faces/notes?person=ben").text
    nothing = ada.get("/c/faces/notes?came=unmet&of=dimension&words=%3Cb%3E").text
    assert "No note that these filters let through" in nothing
    assert 'value="&lt;b&gt;"' in nothing


@pytest.mark.parametrize("query", ["came=sold", "of=hats", "after=x", f"words={'x' * 101}"])
def test_a_wrong_filter_is_refused(ada: Reader, query: str) -> None:
    assert ada.get(f"/c/faces/notes?{query}").status_code == 422
