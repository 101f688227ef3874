"""Checking a sample of the groups that inherit a tag."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench

CHECK = "/c/faces/patterns/31/tags/90"


def test_a_sample_of_a_tag_s_groups_is_checked_and_the_share_told(
    ada: Reader, book: FakeWorkbench
) -> None:
    before = ada.get(CHECK).text
    answer = ada.post("/taggings/90/checks", group="200", fits="no", back=CHECK)
    after = ada.get(answer.location).text

    assert "not checked yet" in before
    assert list(book.checks.values()) == [(90, 200, False)]
    assert answer.location == CHECK
    assert "Saved: rejected." in after
    assert "error rate 100% (1 of 1 checked), 95% CI 10% to 90%" in after
    assert "rejected by ada" in after
    ada.post(f"/tag-checks/{next(iter(book.checks))}/withdraw", back=CHECK)
    assert book.checks == {}


def test_the_keys_answer_the_first_group_that_is_open(ada: Reader, book: FakeWorkbench) -> None:
    def keyed() -> list[str]:
        items = re.findall(r'data-group-id="(\d+)"(.*?)</li>', ada.get(CHECK).text, re.DOTALL)
        return [group for group, item in items if 'data-key="y"' in item]

    first = keyed()
    ada.post("/taggings/90/checks", group="200", fits="yes", back=CHECK)
    second = keyed()
    ada.post("/taggings/90/checks", group="300", fits="yes", back=CHECK)

    assert (first, second, keyed()) == (["200"], ["300"], [])
    assert "The whole sample is checked." in ada.get(CHECK).text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"group": "200"},
        {"fits": "no"},
        {"group": "200", "fits": "perhaps"},
        {"group": "x", "fits": "no"},
        {"group": "999", "fits": "no"},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(
    ada: Reader, book: FakeWorkbench, fields: dict[str, str]
) -> None:
    assert ada.post("/taggings/90/checks", **fields).status_code == 422
    assert book.checks == {}


def test_a_tag_that_the_pattern_does_not_bear_has_no_sample(visitor: Reader) -> None:
    assert visitor.get("/c/faces/patterns/31/tags/91").status_code == 404
    assert visitor.get("/c/faces/patterns/32/tags/90").status_code == 404


def test_a_pattern_says_how_far_its_tag_can_be_trusted(ada: Reader) -> None:
    ada.post("/patterns/31/tags", tag="fake smile", back="/taxonomy")
    page = ada.get("/c/faces/patterns/31").text

    assert "not checked yet" in page
    found = re.search(r'href="(/c/faces/patterns/31/tags/\d+)[?"]', page)
    assert found
    assert ada.get(found[1]).status_code == 200
