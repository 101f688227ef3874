"""Review queues: listed, made, led, and judged image after image."""

from __future__ import annotations

import html
import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.data import CARDS
from tests.web.fakes.workbench import FakeWorkbench

QUEUE = "/c/faces/queues/7"


def test_the_list_says_what_waits_and_how_far_each_queue_is(ada: Reader, visitor: Reader) -> None:
    page = ada.get("/c/faces/queues").text

    assert "errors &lt;b&gt;" in page
    assert "misclassified images without a verdict" in page
    assert "of 4 verdicts" in page
    assert "Start</button>" in page
    assert "New queue" in page
    assert "Start</button>" not in visitor.get("/c/faces/queues").text


def test_a_queue_is_counted_before_it_is_made(ada: Reader, book: FakeWorkbench) -> None:
    first = ada.get("/c/faces/queues/new").text
    counted = ada.get("/c/faces/queues/new?source=uncertain&from=0.3&to=0.7&count=1").text

    assert "Make the queue" not in first
    assert "2 images" in counted
    assert "Make the queue" in counted
    answer = ada.post(
        "/c/faces/queues?label=real",
        source="slice",
        name=" hands ",
        needed="3",
        disputes="majority",
        blind="1",
        who="named",
        member=["1", "2"],
        controls="20",
        reasons="hands\r\n\r\ntext",
        instructions="Look twice.",
        round="10",
        most="50",
    )
    assert answer.location == QUEUE
    [plan] = book.queue_plans
    assert (plan.name, plan.verdicts_needed, plan.disputes) == ("hands", 3, "majority")
    assert (plan.blind, plan.independent, plan.members) == (True, False, (1, 2))
    assert (plan.control_share, plan.round_size, plan.reasons) == (0.2, 10, ("hands", "text"))
    assert (plan.source.kind, plan.source.most) == ("slice", 50)
    assert plan.source.selection.filters.label == "real"
    assert plan.source.as_json() == {"label": "real"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Give the queue a name."),
        ({"name": "a", "source": "label_errors"}, "No image to review"),
        ({"name": "a", "source": "uncertain", "from": "0.7", "to": "0.3"}, "p(fake)"),
        ({"name": "a", "who": "named"}, "Choose at least one person"),
        ({"name": "a", "needed": "12"}, "between"),
        ({"name": "a", "who": "named", "member": "9" * 30}, "must be a whole number"),
        ({"name": "a", "who": "named", "member": "9" * 5000}, "must be a whole number"),
        ({"name": "a", "who": "named", "member": str(2**31)}, "between"),
        ({"name": "a", "controls": "80"}, "between"),
    ],
)
def test_what_makes_no_queue_is_refused_with_words(
    ada: Reader, book: FakeWorkbench, fields: dict[str, str], words: str
) -> None:
    answer = ada.post("/c/faces/queues", **fields)

    assert answer.status_code == 422
    assert words in answer.text
    assert not book.queue_plans


def test_reviewers_lead_and_others_read(ada: Reader, ben: Reader, book: FakeWorkbench) -> None:
    page = ada.get(QUEUE).text
    for words in ("Save instructions", "Hand over", "Name a hidden control", "controls right"):
        assert words in page
    others = ben.get(QUEUE).text
    assert "Save instructions" not in others
    assert "controls right" not in others
    assert "hidden controls" not in others
    assert "Look at the hands. &lt;i&gt;" in others

    ada.post(f"{QUEUE}/instructions", instructions="Once.")
    ada.post(f"{QUEUE}/people", who="named", member=["2"])
    for number in ("9" * 30, "9" * 5000, "²"):
        assert ada.post(f"{QUEUE}/people", who="named", member=[number]).status_code == 422
    ada.post(f"{QUEUE}/hand-over", **{"from": "1", "to": "2"})
    ada.post(f"{QUEUE}/controls", image="2", answer="fake")
    ada.post(f"{QUEUE}/pause", paused="yes")
    assert "Go on</button>" in ada.get(QUEUE).text
    ada.post(f"{QUEUE}/pause", paused="no")
    ada.post(f"{QUEUE}/end")
    assert [each for each in book.queue_acts if each[0] != "pause"] == [
        ("instructions", "Once."),
        ("people", ((2,), False)),
        ("hand over", (1, 2)),
        ("control", (2, "fake")),
        ("end", 7),
    ]
    assert "End the queue" not in ada.get(QUEUE).text
    acts = ("instructions", "people", "hand-over", "controls", "pause", "end")
    assert {ben.post(f"{QUEUE}/{each}").status_code for each in acts} == {403}
    assert ben.post("/c/faces/queues", name="a").status_code == 403
    assert ben.get("/c/faces/queues/new").status_code == 403


def test_a_queue_that_too_few_can_judge_says_so(ada: Reader, book: FakeWorkbench) -> None:
    assert "images will stay open" not in ada.get(QUEUE).text
    book.able = 1
    assert "An image needs 2 verdicts of different people, and 1 can" in ada.get(QUEUE).text


def main_of(page: str) -> str:
    found = re.search(r"<main.*</main>", page, re.DOTALL)
    assert found
    return found[0]


def test_a_blind_image_tells_nothing_until_one_has_decided(
    ben: Reader, book: FakeWorkbench
) -> None:
    hidden = main_of(ben.get(f"{QUEUE}/images/1").text)

    assert "blind" in hidden
    for told in ("p(fake)", "label-chip", "heatmap", "as imported", html.escape(CARDS[1].name)):
        assert told not in hidden.lower(), told
    ben.post(f"{QUEUE}/images/1", decision="real", seen="0")
    told = main_of(ben.get(f"{QUEUE}/images/1").text)
    assert "p(fake)" in told
    assert "as imported" in told
    assert "Your verdict:" in told


def test_one_goes_from_image_to_image_skips_goes_back_and_undoes(
    ben: Reader, book: FakeWorkbench
) -> None:
    assert ben.post(f"{QUEUE}/claims").location == f"{QUEUE}/images/1"
    page = ben.get(f"{QUEUE}/images/1").text
    assert 'class="ahead"' in page, "the next picture is loaded ahead"
    for key in ("r", "f", "s", "x", "j", "z", "n", "1", "2"):
        assert f'data-key="{key}"' in page

    assert ben.post(f"{QUEUE}/claims", skip="1").location == f"{QUEUE}/images/2"
    assert 'rel="prev"' in ben.get(f"{QUEUE}/images/2").text
    answer = ben.post(f"{QUEUE}/images/1", decision="fake", reason="hands", seen="0")
    assert answer.location == f"{QUEUE}/images/2"
    assert "Saved: fake" in ben.get(answer.location).text
    assert book.verdicts[1][0].reason == "hands"

    assert ben.post(f"{QUEUE}/undo").location == f"{QUEUE}/images/1"
    assert book.verdicts[1][0].withdrawn
    assert ben.post(f"{QUEUE}/undo").status_code == 404
    assert ben.post(f"{QUEUE}/images/1/lease").status_code == 204


def test_at_the_end_one_is_told_and_a_round_tells_of_the_controls(
    ben: Reader, book: FakeWorkbench
) -> None:
    ended = ben.post(f"{QUEUE}/images/1", decision="fake", reason="the last", seen="0")
    assert ended.location == f"{QUEUE}/rounds/1"
    told = ben.get(ended.location).text
    assert re.search(r"1</b> of <b class=\"number\">2</b> as they are known", told)
    assert html.escape(CARDS[2].name) in told
    assert re.search(r"6</b> of <b class=\"number\">8</b> images that others", told)

    last = ben.post(f"{QUEUE}/images/2", decision="fake", seen="0")
    assert last.location == QUEUE
    assert "Nothing is left for you in this queue." in ben.get(QUEUE).text


def test_a_verdict_that_comes_too_late_is_kept_and_said_so(
    ben: Reader, book: FakeWorkbench
) -> None:
    book.queue_state = "ended"

    answer = ben.post(f"{QUEUE}/images/1", decision="fake", seen="0")

    assert "Your verdict is kept on the image." in ben.get(answer.location).text
    assert book.verdicts[1][0].decision == "fake"


def test_items_of_other_queues_and_what_is_no_item_are_not_found(ben: Reader) -> None:
    assert ben.get("/c/faces/queues/8").status_code == 404
    assert ben.get("/c/faces/queues/8/images/1").status_code == 404
    assert ben.get(f"{QUEUE}/images/99").status_code == 404
    assert ben.get(f"{QUEUE}/rounds/2").status_code == 404
    assert ben.post(f"{QUEUE}/images/99", decision="real").status_code == 404
    assert ben.post(f"{QUEUE}/images/1", decision="maybe").status_code == 422
