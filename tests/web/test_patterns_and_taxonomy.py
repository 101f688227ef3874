"""Patterns, their names, and the taxonomy that the names make."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes import FakeWorkbench


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

    assert "Measured effect not measured" in " ".join(unmeasured.split())
    words = " ".join(measured.split())
    assert "−0.70 logits 95 % interval −1.10 to −0.30" in words
    assert "removed from 12 images, beyond what like regions elsewhere do (+0.10)" in words
    assert "0.83 mean best Jaccard over resamples of the images; stable" in words


def test_the_members_of_a_pattern_are_paged(visitor: Reader) -> None:
    page = visitor.get("/c/faces/patterns/31").text
    following = re.search(r'href="(/c/faces/patterns/31\?[^"]*after=[^"]*)"', page)
    assert following

    assert "From the start" in visitor.get(following[1].replace("&amp;", "&")).text


def test_a_pattern_gets_a_name_and_loses_it_again(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post("/patterns/31/tags", tag="fake smile", back="/c/faces/patterns/31")
    page = ada.get(answer.location).text
    assert "Tagged “fake smile”." in page
    assert "<title>fake smile" in page
    assert "Take “fake smile” off" in page

    ada.post(f"/taggings/{next(iter(book.taggings))}/withdraw", back="/c/faces/patterns/31")

    assert "Nobody has named this pattern yet." in ada.get("/c/faces/patterns/31").text


def test_only_who_put_a_tag_on_is_offered_to_take_it_off(ada: Reader, ben: Reader) -> None:
    ada.post("/patterns/31/tags", tag="fake smile")

    assert "Take “fake smile” off" not in ben.get("/c/faces/patterns/31").text


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
    assert "There is a tag called fake smile already." in answer.text
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
