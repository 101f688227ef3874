"""Patterns, their names, and the taxonomy that the names make."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench


def test_patterns_are_listed_with_what_is_claimed_and_what_was_measured(visitor: Reader) -> None:
    page = visitor.get("/c/faces/patterns").text

    assert page.count("<tr data-pattern-id=") == 2
    for words in ("+0.50", "± 0.20", "12%", "47%", "×1.9", "×1.3–×2.6", "not measured", "−0.70"):
        assert words in page, words
    for words in ("−1.10 to −0.30", "0.83", "+0.72", "0.61"):
        assert words in page, words


def test_the_order_of_the_patterns_is_part_of_the_address(visitor: Reader) -> None:
    page = visitor.get("/c/faces/patterns?sort=lift").text

    assert re.search(r'sort=lift"[^>]*aria-current="true"', page)


def test_a_pattern_shows_members_places_profile_and_whom_it_misleads(visitor: Reader) -> None:
    page = visitor.get("/c/faces/patterns/31").text

    assert "/groups/200/crop/96" in page
    assert page.count('class="place inside share-') == 2
    assert re.findall(r">dim (\d)<", page) == ["0", "1", "2"]
    assert "/c/faces/images/2?" in page


def test_a_pattern_says_how_its_effect_was_measured(visitor: Reader) -> None:
    unmeasured, measured = (
        re.sub(r"<[^>]*>|\s+", " ", visitor.get(f"/c/faces/patterns/{number}").text)
        for number in (31, 32)
    )

    assert "Effect size not measured" in " ".join(unmeasured.split())
    words = " ".join(measured.split())
    assert "−0.70 logits 95% CI −1.10 to −0.30" in words
    assert "measured on 12 images · control +0.10" in words
    assert "0.83 stable" in words


def test_the_members_of_a_pattern_are_paged(visitor: Reader) -> None:
    page = visitor.get("/c/faces/patterns/31").text
    following = re.search(r'href="(/c/faces/patterns/31\?[^"]*after=[^"]*)"', page)
    assert following

    assert "First page" in visitor.get(following[1].replace("&amp;", "&")).text


def test_a_pattern_gets_a_name_and_loses_it_again(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post("/patterns/31/tags", tag="fake smile", back="/c/faces/patterns/31")
    page = ada.get(answer.location).text
    assert "Tagged “fake smile”." in page
    assert "<title>fake smile" in page
    assert "Withdraw “fake smile”" in page

    ada.post(f"/taggings/{next(iter(book.taggings))}/withdraw", back="/c/faces/patterns/31")

    assert "This pattern has no tag yet." in ada.get("/c/faces/patterns/31").text


def test_only_who_put_a_tag_on_is_offered_to_take_it_off(ada: Reader, ben: Reader) -> None:
    ada.post("/patterns/31/tags", tag="fake smile")

    assert "Withdraw “fake smile”" not in ben.get("/c/faces/patterns/31").text


def test_the_taxonomy_lists_names_with_their_counts(ada: Reader) -> None:
    ada.post("/patterns/31/tags", tag="fake smile")

    page = ada.get("/taxonomy").text

    assert "fake smile" in page
    assert "0 patterns · 1 pixel group · 1 image" in page
    assert "by ada, 3 March 2026" in page


def test_the_taxonomy_keeps_the_way_back_to_the_collection(visitor: Reader) -> None:
    assert "/taxonomy?collection=faces" in visitor.get("/c/faces/").text

    assert "/c/faces/patterns" in visitor.get("/taxonomy?collection=faces").text
    assert visitor.get("/taxonomy?collection=nowhere").status_code == 404


def test_a_tag_is_renamed_and_described(ada: Reader, book: FakeWorkbench) -> None:
    ada.post("/patterns/31/tags", tag="fake smile")

    answer = ada.post(
        f"/taxonomy/{book.tags[0].id}", name="even smile", description="All teeth alike."
    )

    assert (book.tags[0].name, book.tags[0].description) == ("even smile", "All teeth alike.")
    assert "Saved: “even smile”." in ada.get(answer.location).text


def test_a_taken_name_is_a_conflict_that_changes_nothing(ada: Reader, book: FakeWorkbench) -> None:
    ada.post("/patterns/31/tags", tag="fake smile")
    ada.post("/patterns/32/tags", tag="blur")

    answer = ada.post(f"/taxonomy/{book.tags[1].id}", name="fake smile", description="")

    assert answer.status_code == 409
    assert "Tag “fake smile” already exists." in answer.text
    assert book.tags[1].name == "blur"


def test_a_reader_without_account_sees_no_form(visitor: Reader, ada: Reader) -> None:
    ada.post("/patterns/31/tags", tag="fake smile")

    assert "rename or describe" not in visitor.get("/taxonomy").text
    assert "Sign in</a> to name it." in visitor.get("/c/faces/patterns/31").text


@pytest.mark.parametrize("name", ["hair <i>strands</i>", '" onmouseover="alert(1)'])
def test_names_are_escaped_in_text_and_attributes(ada: Reader, name: str) -> None:
    ada.post("/patterns/31/tags", tag=name)

    for url in ("/taxonomy", "/c/faces/patterns/31", "/c/faces/"):
        page = ada.get(url).text
        assert name not in page


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
