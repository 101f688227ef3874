"""Suggested tags are accepted and dismissed, one after the other."""

from __future__ import annotations

import re

from tests.web.conftest import Reader
from tests.web.fakes.data import NOON
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.review.tags import TaggingView
from workbench.services.tagged.suggestions import GroupSuggestion

PAGE = "/c/faces/suggestions"


def suggest(book: FakeWorkbench) -> None:
    given = TaggingView(2, "hat", "ben", NOON, "pattern", tag_id=70, version=1, share=0.2)
    book.suggested[31] = (given,)
    book.suggested_groups += [GroupSuggestion(200, 2, 71, "teeth <b>", 0.42)]


def test_without_any_the_page_says_where_they_come_from(ada: Reader) -> None:
    page = ada.get(PAGE).text

    assert "No suggestions" in page
    assert 'data-key="a"' not in page


def test_patterns_come_first_with_the_share_that_lies_there(
    ada: Reader, book: FakeWorkbench
) -> None:
    suggest(book)

    page = ada.get(PAGE).text

    assert re.findall(r"Accept “(.*?)”", page) == ["hat", "teeth &lt;b&gt;"]
    assert "from v1 · 20% of its pixel groups" in page
    assert "42% of it lies there" in page


def test_one_that_is_accepted_is_put_on_like_any_tag(ada: Reader, book: FakeWorkbench) -> None:
    suggest(book)

    answer = ada.post("/groups/200/tags", tag="teeth", back=PAGE)

    assert answer.location == PAGE
    [(kind, owner, made)] = book.taggings.values()
    assert (kind, owner, made.tag) == ("group", 200, "teeth")


def test_one_that_is_dismissed_is_not_suggested_again_and_can_be_restored(
    ada: Reader, book: FakeWorkbench
) -> None:
    suggest(book)

    answer = ada.post("/groups/200/suggestions/dismiss", tag_id="71", back=PAGE)

    assert answer.location == PAGE
    after = ada.get(PAGE).text
    assert "Suggestion dismissed." in after
    assert "Accept “teeth" not in after
    [made] = book.dismissed
    assert f"/dismissals/{made}/withdraw" in after
    ada.post(f"/dismissals/{made}/withdraw", back=PAGE)
    assert "Accept “teeth" in ada.get(PAGE).text


def test_a_dismissal_without_a_tag_is_refused(ada: Reader, book: FakeWorkbench) -> None:
    assert ada.post("/patterns/31/suggestions/dismiss").status_code == 422
    assert ada.post("/patterns/31/suggestions/dismiss", tag_id="x").status_code == 422
    assert book.dismissed == {}


def test_a_visitor_sees_them_and_is_asked_to_sign_in(visitor: Reader, book: FakeWorkbench) -> None:
    suggest(book)

    page = visitor.get(PAGE).text

    assert "hat" in page
    assert "Accept “hat”" not in page
    assert "to accept or dismiss them" in page
