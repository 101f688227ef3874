"""Deciding on images, one by one and in the queue."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench


def test_the_meaning_of_a_verdict_depends_on_who_is_wrong(ada: Reader) -> None:
    assert "The label is correct; the model is wrong." in ada.get("/c/faces/images/2").text
    assert "The label is correct; the model agrees." in ada.get("/c/faces/images/1").text


def test_a_reader_without_account_is_told_how_to_judge(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?cell=11").text

    assert 'name="decision"' not in page
    assert "/login?next=/c/faces/images/2?" in page.replace("%2F", "/").replace("%3F", "?")


@pytest.mark.parametrize("decision", ["confirm", "overturn", "unsure", "exclude"])
def test_a_verdict_is_saved_and_said_to_be(ada: Reader, book: FakeWorkbench, decision: str) -> None:
    answer = ada.post("/c/faces/images/2/verdicts?version=2", decision=decision, reason="glare")

    assert answer.status_code == 303
    assert [(each.decision, each.reason) for each in book.verdicts[2]] == [(decision, "glare")]
    page = ada.get(answer.location).text
    assert "Saved:" in page
    assert "glare" in page


def test_saved_is_said_once(ada: Reader) -> None:
    answer = ada.post("/c/faces/images/2/verdicts", decision="confirm")

    assert "Saved: confirmed." in ada.get(answer.location).text
    assert "Saved: confirmed." not in ada.get(answer.location).text


def test_a_verdict_can_be_undone_at_once(ada: Reader, book: FakeWorkbench) -> None:
    saved = ada.get(ada.post("/c/faces/images/2/verdicts", decision="confirm").location).text
    undo = re.search(
        r'action="(/verdicts/\d+/withdraw)".*?name="back" value="([^"]+)"', saved, re.DOTALL
    )
    assert undo

    answer = ada.post(undo[1], back=undo[2].replace("&amp;", "&"))

    assert book.verdicts[2][0].withdrawn
    assert answer.location.startswith("/c/faces/images/2")
    assert "Verdict withdrawn." in ada.get(answer.location).text


def test_somebody_else_s_verdict_cannot_be_taken_back(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    ben.post("/c/faces/images/2/verdicts", decision="confirm")
    page = ada.get("/c/faces/images/2").text
    assert "Withdraw" not in page

    answer = ada.post(f"/verdicts/{book.verdicts[2][0].id}/withdraw")

    assert answer.status_code == 409
    assert not book.verdicts[2][0].withdrawn


@pytest.mark.parametrize(
    "fields", [{}, {"decision": "perhaps"}, {"decision": "confirm", "reason": "x" * 2001}]
)
def test_a_verdict_that_makes_no_sense_is_refused(
    ada: Reader, book: FakeWorkbench, fields: dict[str, str]
) -> None:
    assert ada.post("/c/faces/images/2/verdicts", **fields).status_code == 422
    assert not book.verdicts


def test_the_queue_leads_from_the_most_wrong_image_to_the_next(ada: Reader) -> None:
    first = ada.get("/c/faces/adjudicate")
    assert "/images/2?" in first.location
    assert "queue=1" in first.location

    saved = ada.post("/c/faces/images/2/verdicts?version=2&queue=1", decision="confirm")
    following = ada.get(saved.location)

    assert "/images/5?" in following.location
    page = ada.get(following.location).text
    assert "Saved: confirmed." in page, "what was saved is said on the next image"
    assert '<b class="number">2</b> left in the review queue' in page


def test_an_image_can_be_skipped_in_the_queue(ada: Reader) -> None:
    page = ada.get(ada.get("/c/faces/adjudicate").location).text

    skip = re.search(r'href="([^"]+)" rel="next"', page)
    assert skip
    assert skip[1].startswith("/c/faces/images/5?")
    assert "Skip" in page


def test_the_end_of_the_queue_goes_back_to_what_was_skipped(ada: Reader) -> None:
    ada.post("/c/faces/images/5/verdicts", decision="confirm")

    answer = ada.get("/c/faces/adjudicate?after=3")

    assert "/images/2?" in answer.location


def test_an_empty_queue_says_what_to_do_next(ada: Reader) -> None:
    for image_id in (2, 3, 5):
        ada.post(f"/c/faces/images/{image_id}/verdicts", decision="confirm")

    page = ada.get("/c/faces/adjudicate").text

    assert "The review queue is empty" in page
    assert "/c/faces/models" in page
