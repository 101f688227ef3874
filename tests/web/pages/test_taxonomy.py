"""The taxonomy, and putting its tags on patterns."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.data import NOON
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.review.tags import TaggingView


def test_a_pattern_gets_a_name_and_loses_it_again(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post("/patterns/31/tags", tag="fake smile", back="/c/faces/patterns/31")
    page = ada.get(answer.location).text
    assert "Tagged “fake smile”." in page
    assert "<title>fake smile" in page
    assert "Withdraw “fake smile”" in page

    ada.post(f"/taggings/{next(iter(book.taggings))}/withdraw", back="/c/faces/patterns/31")

    assert "This pattern has no tag yet." in ada.get("/c/faces/patterns/31").text


def test_a_tag_that_is_there_already_is_told_and_offers_no_undo_of_it(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    ada.post("/patterns/31/tags", tag="fake smile", back="/c/faces/patterns/31")
    before = dict(book.taggings)

    answer = ben.post("/patterns/31/tags", tag="fake smile", back="/c/faces/patterns/31")

    page = ben.get(answer.location).text
    assert "Already tagged “fake smile” by ada, 3 March 2026." in page
    assert "Tagged “fake smile”." not in page
    assert "Undo" not in page
    assert book.taggings == before


def test_the_pixel_groups_of_a_selection_are_counted_tagged_and_untagged_as_one(
    ada: Reader, book: FakeWorkbench
) -> None:
    page = ada.get("/c/faces/?pattern=31").text
    [count] = re.findall(r"tag its (\d+) pixel groups? here", page)
    [action] = re.findall(r'action="(/c/faces/selection/tags[^"]*)"', page)
    assert f'name="groups" value="{count}"' in page

    answer = ada.post(html.unescape(action), tag="rough", groups=count, back="/c/faces/?pattern=31")

    assert "Tagged “rough”." in ada.get(answer.location).text
    [(kind, pattern, tagging)] = book.taggings.values()
    assert (kind, pattern, tagging.tag) == ("selection", 31, "rough")
    assert ada.post(html.unescape(action), tag="rough", groups="99").status_code == 409


def test_nothing_is_offered_to_tag_without_a_pattern_or_an_account(
    ada: Reader, visitor: Reader
) -> None:
    assert "/selection/tags" not in ada.get("/c/faces/").text
    assert "/selection/tags" not in visitor.get("/c/faces/?pattern=31").text


def test_a_tag_of_another_version_says_where_it_is_from_and_one_that_may_fit_is_accepted(
    ada: Reader, book: FakeWorkbench
) -> None:
    borne = TaggingView(1, "hair", "ben", NOON, "pattern", version=1, share=0.71)
    book.taggings[1] = ("pattern", 31, borne)
    book.suggested[31] = (TaggingView(2, "hat", "ben", NOON, "pattern", version=1, share=0.2),)

    page = ada.get("/c/faces/patterns/31").text

    assert "from v1 · 71% of its pixel groups" in page
    assert "from v1 · 20% of its pixel groups" in page
    assert "Accept “hat”" in page
    assert 'data-key="a"' in page
    assert "check a random sample" not in page, "nobody put it on this very pattern"


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


def tag_all(reader: Reader, *names: str) -> None:
    for name in names:
        reader.post("/patterns/31/tags", tag=name)


def listed(page: str) -> list[str]:
    """The tags of a page of the taxonomy."""
    return [html.unescape(each) for each in re.findall(r'<span class="tag [^>]*>([^<]*)<', page)]


def link(page: str, words: str) -> str:
    """Where a button of this name leads."""
    return html.unescape(re.findall(rf'href="([^"]+)"[^>]*>{words}<', page)[0])


def test_a_long_taxonomy_is_turned_page_by_page(ada: Reader) -> None:
    tag_all(ada, "moss", "ash & elm", "blur", "teeth", "zebra")

    first = ada.get("/taxonomy?collection=faces").text
    second = ada.get(link(first, "Next page")).text
    last = ada.get(link(second, "Next page")).text

    assert [listed(each) for each in (first, second, last)] == [
        ["ash & elm", "blur"],
        ["moss", "teeth"],
        ["zebra"],
    ]
    assert "5 tags" in last
    assert "Next page" not in last
    assert listed(ada.get(link(last, "First page")).text) == ["ash & elm", "blur"]
    assert "/c/faces/patterns" in last


def test_a_tag_is_found_by_a_part_of_its_name(ada: Reader) -> None:
    tag_all(ada, "fake smile", "blur", "smiling eyes", "Smiles")

    found = ada.get("/taxonomy?text=smil").text

    assert "3 tags" in found
    assert 'value="smil"' in found
    assert listed(ada.get(link(found, "Next page")).text) == ["smiling eyes"]
    nothing = ada.get("/taxonomy?text=teeth").text
    assert "No tag name contains “teeth”." in nothing
    assert "Show all tags" in nothing


def test_a_field_for_tags_offers_the_names_that_hold_what_was_typed(ada: Reader) -> None:
    tag_all(ada, "fake smile", "blur <i>")

    assert ada.get("/taxonomy/names?tag=blu").text.strip() == (
        '<option value="blur &lt;i&gt;"></option>'
    )
    for url in ("/c/faces/", "/c/faces/images/2", "/c/faces/patterns/31"):
        assert 'hx-get="/taxonomy/names"' in ada.get(url).text


def test_the_taxonomy_says_which_version_it_counts(visitor: Reader, book: FakeWorkbench) -> None:
    for url, words, counted in (
        ("/taxonomy", "Counted in the active version of each collection.", [2]),
        ("/taxonomy?collection=faces", "Counted in model v2 of faces.", [2]),
        ("/taxonomy?collection=faces&version=1", "Counted in model v1 of faces.", [1]),
        ("/taxonomy?collection=raw", "Nothing to count: raw is not analysed yet.", []),
    ):
        assert words in visitor.get(url).text
        assert book.counted == counted
    assert "collection=faces&amp;version=1" in visitor.get("/c/faces/?version=1").text


def test_a_reader_without_account_sees_no_form(visitor: Reader, ada: Reader) -> None:
    ada.post("/patterns/31/tags", tag="fake smile")

    assert "rename or describe" not in visitor.get("/taxonomy/1").text
    assert "Sign in</a> to name it." in visitor.get("/c/faces/patterns/31").text


@pytest.mark.parametrize("name", ["hair <i>strands</i>", '" onmouseover="alert(1)'])
def test_names_are_escaped_in_text_and_attributes(ada: Reader, name: str) -> None:
    ada.post("/patterns/31/tags", tag=name)

    for url in ("/taxonomy", "/c/faces/patterns/31", "/c/faces/"):
        page = ada.get(url).text
        assert name not in page


def test_pages_that_tag_list_the_hotkeys_for_who_may_tag(
    ada: Reader, visitor: Reader, book: FakeWorkbench
) -> None:
    ada.post("/patterns/31/tags", tag="fake <smile>")
    book.tags[0] = replace(book.tags[0], hotkey="1")

    for page in ("/c/faces/patterns/31", "/c/faces/images/2"):
        assert 'data-tag-key="1" data-tag="fake &lt;smile&gt;"' in ada.get(page).text
        assert "data-tag-key" not in visitor.get(page).text
