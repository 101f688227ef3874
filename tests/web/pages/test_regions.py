"""Regions drawn by hand: what the page sends, and what it shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.regions.shapes import Drawing, DrawnStep

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


def test_a_reason_that_is_too_long_is_refused_with_its_length(
    ada: Reader, book: FakeWorkbench
) -> None:
    answer = ada.post(URL, tag="hand", shape=shape(BOX), reason="x" * 2001)

    assert answer.status_code == 422
    assert "2001 characters" in answer.text
    assert book.untouched
