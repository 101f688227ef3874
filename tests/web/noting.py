"""Counterfactual notes as a browser writes them: what is expected first, then the words."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from tests.web.conftest import Reader

EDIT = {"edit": "group-200", "fill": "blur", "expectation": "fall"}
WORDS = "the glare did it"


def run_edit(reader: Reader, **fields: str) -> str:
    """The address that an edit is shown at once somebody has said what they expect of it."""
    answer = reader.post("/c/faces/images/2/expectations?version=2", **(EDIT | fields))
    assert answer.status_code == 303, answer.text
    return answer.location


def noted(reader: Reader, text: str = WORDS, **fields: str) -> TestResponse:
    """Run an edit and save a note on it."""
    expected = re.search(r"expected=(\d+)", run_edit(reader, **fields))
    assert expected
    answer = reader.post("/c/faces/images/2/notes?version=2", expected=expected[1], text=text)
    assert answer.status_code == 303, answer.text
    return answer
