"""Regions drawn by hand: what the page sends, and what it shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.data import NOON
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.regions.shapes import Drawing, DrawnStep
from workbench.services.review.tags import TaggingView

URL = "/c/faces/images/2/regions"
BOX = {"tool": "box", "points": [10, 10.5, 90, 90]}


def shape(*steps: Any, width: Any = 1024, height: Any = 768) -> str:
    return json.dumps(
        {"width": width, "height": height, "steps": list(steps)}, separators=(",", ":")
    )


def test_what_was_drawn_is_read_as_it_was_sent(ada: Reader, book: FakeWorkbench) -> None:
    steps = (
        BOX,
        {"tool": "brush", "erase": True, "radius": 7.5, "points": [1, 2, 3, 4]},
        {"tool": "superpixels", "cells": [50, 3, 274, 2]},
        {"tool": "groups", "groups": [200]},
    )

    answer = ada.post(URL, tag="hand", shape=shape(*steps))

    assert answer.status_code == 303
    assert answer.location == "/c/faces/images/2?version=2"
    assert book.drawings == [
        Drawing(
            1024,
            768,
            (
                DrawnStep("box", points=((10, 10.5), (90, 90))),
                DrawnStep("brush", erase=True, points=((1, 2), (3, 4)), radius=7.5),
                DrawnStep("superpixels", cells=((50, 3), (274, 2))),
                DrawnStep("groups", groups=(200,)),
            ),
        )
    ]
    assert book.drawings[0].tool == "several"


MANY = {"tool": "lasso", "points": [1, 2] * 10_000}
BAD = {
    "nothing": ("", "Nothing is drawn"),
    "no json": ("{", "Nothing is drawn"),
    "another json": ("[]", "Nothing is drawn"),
    "deep": ("[" * 10_000, "Nothing is drawn"),
    "points": (shape(MANY), "10000 points; at most 8000"),
    "strokes": (shape(*[BOX] * 501), "501 strokes; at most 500"),
    "cells": (shape({"tool": "superpixels", "cells": [1, 1] * 10_001}), "at most 10000"),
    "groups": (shape({"tool": "groups", "groups": [1] * 101}), "101 pixel groups"),
    "not a number": (shape(BOX).replace("10.5", "NaN"), "number: &#39;NaN&#39;"),
    "infinite": (shape(BOX).replace("10.5", "1e999"), "number: inf"),
    "endless": (shape(BOX).replace("10.5", "9" * 400), "number: 9999"),
    "true": (shape(BOX).replace("10.5", "true"), "number: True"),
    "text": (shape({"tool": "box", "points": ["<b>", 1]}), "&lt;b&gt;"),
    "odd": (shape({"tool": "box", "points": [1, 2, 3]}), "points: 3"),
    "tool": (shape({"tool": "hammer"}), "hammer"),
    "no step": (shape(5), "steps: 5"),
    "size": (shape(BOX, width=-1), "number: -1"),
    "half": (shape({"tool": "groups", "groups": [1.5]}), "number: 1.5"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_no_page_sends_is_refused_in_a_sentence(
    ada: Reader, book: FakeWorkbench, name: str
) -> None:
    sent, words = BAD[name]

    answer = ada.post(URL, tag="hand", shape=sent)

    assert answer.status_code == 422
    assert words in answer.text
    assert book.untouched


def test_an_image_that_is_not_there_is_not_found(ada: Reader, book: FakeWorkbench) -> None:
    assert ada.post("/c/faces/images/4711/regions", tag="a", shape=shape(BOX)).status_code == 404
    assert ada.post("/regions/4711/withdraw").status_code == 404
    assert ada.post("/regions/4711/tags", tag="a").status_code == 404


def test_words_of_people_are_shown_as_they_are_and_nothing_more(
    ada: Reader, book: FakeWorkbench
) -> None:
    reason = "<script>alert(1)</script> =1+1 یک\u200cدو"

    answer = ada.post(URL, tag="دست", shape=shape(BOX), reason=reason, severity="severe")

    page = ada.get(answer.location)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; =1+1 یک\u200cدو" in page.text
    assert "severe" in page.text
    assert "دست" in page.text


def test_a_drawn_region_is_shown_with_what_it_covers_and_its_author_withdraws_it(
    ada: Reader, book: FakeWorkbench
) -> None:
    back = ada.post(URL, tag="hand", shape=shape(BOX)).location
    page = ada.get(back)

    assert "Saved: a region tagged “hand”." in page.text
    assert 'd="M20 20 L80 20 L80 80 Z"' in page.text
    assert "covers 71% of pixel group 2" in " ".join(page.text.split())
    [drawn_id] = book.drawn
    assert f"/regions/{drawn_id}/withdraw" in page.text
    ada.post(f"/regions/{drawn_id}/withdraw", back=back)
    assert book.drawn == {}


def test_nobody_else_is_offered_to_withdraw_it(
    ada: Reader, ben: Reader, visitor: Reader, book: FakeWorkbench
) -> None:
    back = ada.post(URL, tag="hand", shape=shape(BOX)).location
    [drawn_id] = book.drawn

    assert f"/regions/{drawn_id}/withdraw" not in ben.get(back).text
    assert ben.post(f"/regions/{drawn_id}/withdraw").status_code == 409
    assert "data-tool" in ben.get(back).text
    assert "data-tool" not in visitor.get(back).text


def test_a_finding_is_changed_and_a_stale_page_is_told(ada: Reader, book: FakeWorkbench) -> None:
    book.taggings[1] = ("group", 200, TaggingView(1, "hand", "ada", NOON, "hand"))
    page = ada.get("/c/faces/images/2")
    assert "/taggings/1/finding" in page.text

    answer = ada.post("/taggings/1/finding", reason="six fingers", severity="minor", revision="1")
    assert answer.status_code == 303
    stale = ada.post("/taggings/1/finding", reason="no", severity="", revision="1")

    assert stale.status_code == 409
    assert "Edit conflict" in stale.text
    assert book.taggings[1][2].reason == "six fingers"
    assert "six fingers" in ada.get("/c/faces/images/2").text
    assert ada.post("/taggings/1/finding", reason="x").status_code == 422


def test_a_reason_that_is_too_long_is_refused_with_its_length(
    ada: Reader, book: FakeWorkbench
) -> None:
    answer = ada.post(URL, tag="hand", shape=shape(BOX), reason="x" * 2001)

    assert answer.status_code == 422
    assert "2001 characters" in answer.text
    assert book.untouched


def test_a_finding_on_a_pattern_is_on_its_page_and_in_its_report(
    ada: Reader, book: FakeWorkbench
) -> None:
    given = TaggingView(
        1, "hair", "ada", NOON, "pattern", reason="no <strands>", severity="moderate"
    )
    book.taggings[1] = ("pattern", 31, given)

    for address in ("/c/faces/patterns/31", "/c/faces/patterns/31/report.html"):
        text = ada.get(address).text
        assert "moderate" in text
        assert "no &lt;strands&gt;" in text
    assert "/taggings/1/finding" in ada.get("/c/faces/patterns/31").text
