"""Deciding on images, one by one and in the queue."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.data import NOON
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.review.labels import AdjudicationView
from workbench.store.judgements import DECISIONS


def panel(reader: Reader, image: int = 2) -> str:
    """What an image's page says of verdicts, as text."""
    page = reader.get(f"/c/faces/images/{image}?version=2").text
    section = page[page.index('<section class="panel verdict"') :].split("</section>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", section).split())


def buttons(reader: Reader, image: int = 2) -> dict[str, str]:
    """What an image's buttons for verdicts say, and the decision that each sends."""
    found = re.findall(
        r'name="decision" value="(\w+)".*?<span class="label">(.*?) <kbd',
        reader.get(f"/c/faces/images/{image}").text,
    )
    return {label: decision for decision, label in found}


def test_the_meaning_of_a_verdict_depends_on_who_is_wrong(ada: Reader) -> None:
    assert "The label is correct; the model is wrong." in panel(ada, 2)
    assert "The label is correct; the model agrees." in panel(ada, 1)


def test_confirming_and_overturning_are_said_of_the_label_that_stands(
    ada: Reader, ben: Reader
) -> None:
    imported = buttons(ada)
    ben.post("/c/faces/images/2/verdicts", decision="fake")

    others = {"Unsure": "unsure", "Exclude": "exclude"}
    assert imported == {"Confirm real": "real", "Overturn to fake": "fake"} | others
    assert buttons(ada) == {"Confirm fake": "fake", "Overturn to real": "real"} | others
    assert "The label is correct; the model agrees." in panel(ada)


def test_who_agrees_with_a_corrected_label_does_not_turn_it_back(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    ada.post("/c/faces/images/2/verdicts", decision=buttons(ada)["Overturn to fake"])
    ben.post("/c/faces/images/2/verdicts", decision=buttons(ben)["Confirm fake"])

    assert [each.decision for each in book.verdicts[2]] == ["fake", "fake"]
    assert "fake decided by ben and 1 other on 3 March 2026; imported as real" in panel(ada)


def test_a_label_that_changes_under_a_page_does_not_change_what_its_buttons_mean(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    shown = re.search(r'name="shown_label" value="(\w+)"', ada.get("/c/faces/images/2").text)
    pressed = buttons(ada)["Overturn to fake"]
    ben.post("/c/faces/images/2/verdicts", decision="fake")
    assert shown

    saved = ada.post("/c/faces/images/2/verdicts?version=2", decision=pressed, shown_label=shown[1])

    assert "Saved: fake (overturned)." in ada.get(saved.location).text
    assert (book.verdicts[2][-1].decision, book.verdicts[2][-1].shown_label) == ("fake", "real")


def test_the_label_that_stands_is_shown_with_where_it_comes_from(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    told = [panel(ada)]
    for reader, decision in ((ada, "fake"), (ben, "real"), (ada, "real"), (ben, "unsure")):
        reader.post("/c/faces/images/2/verdicts?version=2", decision=decision)
        told.append(panel(ada))
    ada.post("/c/faces/images/2/verdicts", decision="unsure")
    told.append(panel(ada))
    book.adjudications[2] = AdjudicationView("exclude", "cleo", NOON)
    told.append(panel(ada))
    book.adjudications[2] = AdjudicationView("fake", "cleo", NOON)
    told.append(panel(ada))

    on = "on 3 March 2026"
    beginnings = [
        "Verdict real as imported; not reviewed",
        f"Verdict fake decided by ada {on}; imported as real",
        "Verdict real as imported; people disagree",
        f"Verdict real decided by ada and 1 other {on}; imported as real",
        "Verdict real as imported; people disagree",
        f"Verdict real as imported; unsure by ada and 1 other {on}",
        f"Verdict real as imported; excluded by cleo {on}",
        f"Verdict fake adjudicated by cleo {on}; imported as real",
    ]
    for text, beginning in zip(told, beginnings, strict=True):
        assert text.startswith(beginning)
    assert "ben real confirmed; shown as real, p(fake) 0.90, v2" in told[2]
    assert "ada fake overturned; shown as real, p(fake) 0.90, v2 Withdraw" in told[2]
    assert "It is adjudicated: a verdict is recorded, but does not change its label." in told[-1]


def test_an_image_says_what_its_version_was_trained_with_where_that_is_something_else(
    ada: Reader, book: FakeWorkbench
) -> None:
    book.imported |= {4: "real", 6: "real"}
    book.left_out |= {1, 3}
    ada.post("/c/faces/images/3/verdicts", decision="exclude")
    ada.post("/c/faces/images/5/verdicts", decision="exclude")

    assert "v2 was trained with the label fake ." in panel(ada, 4)
    assert "v2 was tested with the label fake ." in panel(ada, 6)
    assert "v2 was not trained on it." in panel(ada, 1)
    assert "v2 was trained on it." in panel(ada, 5)
    for as_it_stands in (2, 3):
        assert "v2 was" not in panel(ada, as_it_stands)


def test_a_verdict_says_what_it_does_to_this_very_image(ada: Reader) -> None:
    training, test = panel(ada, 2), panel(ada, 6)

    assert "Training image: a verdict teaches the next training." in training
    assert "Counts half in training, with its imported label." in training
    assert "Leave it out of training." in training
    assert "a verdict corrects the test set; the image is never trained on." in test
    assert "Stays in the test set with its imported label." in test
    assert "Leave it out of the test set." in test


def test_a_reader_without_account_is_told_how_to_judge(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?cell=11").text

    assert 'name="decision"' not in page
    assert "/login?next=/c/faces/images/2?" in page.replace("%2F", "/").replace("%3F", "?")


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_verdict_is_saved_and_said_to_be(ada: Reader, book: FakeWorkbench, decision: str) -> None:
    answer = ada.post("/c/faces/images/2/verdicts?version=2", decision=decision, reason="glare")

    assert answer.status_code == 303
    assert [(each.decision, each.reason) for each in book.verdicts[2]] == [(decision, "glare")]
    page = ada.get(answer.location).text
    assert "Saved:" in page
    assert "glare" in page


def test_saved_is_said_once(ada: Reader) -> None:
    answer = ada.post("/c/faces/images/2/verdicts", decision="real")

    assert "Saved: real (confirmed)." in ada.get(answer.location).text
    assert "Saved: real (confirmed)." not in ada.get(answer.location).text


def test_a_verdict_can_be_undone_at_once(ada: Reader, book: FakeWorkbench) -> None:
    saved = ada.get(ada.post("/c/faces/images/2/verdicts", decision="real").location).text
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
    ben.post("/c/faces/images/2/verdicts", decision="real")
    page = ada.get("/c/faces/images/2").text
    assert "Withdraw" not in page

    answer = ada.post(f"/verdicts/{book.verdicts[2][0].id}/withdraw")

    assert answer.status_code == 409
    assert not book.verdicts[2][0].withdrawn


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"decision": "perhaps"},
        {"decision": "overturn"},
        {"decision": "real", "shown_label": "perhaps"},
        {"decision": "real", "reason": "x" * 2001},
    ],
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

    saved = ada.post("/c/faces/images/2/verdicts?version=2&queue=1", decision="real")
    following = ada.get(saved.location)

    assert "/images/5?" in following.location
    page = ada.get(following.location).text
    assert "Saved: real (confirmed)." in page, "what was saved is said on the next image"
    assert '<b class="number">2</b> left in the review queue' in page


def test_an_image_can_be_skipped_in_the_queue(ada: Reader) -> None:
    page = ada.get(ada.get("/c/faces/adjudicate").location).text

    skip = re.search(r'href="([^"]+)" rel="next"', page)
    assert skip
    assert skip[1].startswith("/c/faces/images/5?")
    assert "Skip" in page


def test_the_end_of_the_queue_goes_back_to_what_was_skipped(ada: Reader) -> None:
    ada.post("/c/faces/images/5/verdicts", decision="real")

    answer = ada.get("/c/faces/adjudicate?after=3")

    assert "/images/2?" in answer.location


def test_an_empty_queue_says_what_to_do_next(ada: Reader) -> None:
    for image_id in (2, 3, 5):
        ada.post(f"/c/faces/images/{image_id}/verdicts", decision="real")

    page = ada.get("/c/faces/adjudicate").text

    assert "The review queue is empty" in page
    assert "/c/faces/models" in page
