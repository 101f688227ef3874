"""What is most like an image, a pixel group or some words: shown, linked, or said why not."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench

CARDS = re.compile(r'class="card" href="/c/faces/images/(\d+)')


def test_an_image_shows_its_nearest_and_where_there_are_more(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2").text

    section = page[page.index("Nearest neighbours") :]
    assert CARDS.findall(section) == ["1", "3", "4", "5", "6"]
    assert "/c/faces/similar?image=2&amp;version=2" in section


def test_a_neighbours_link_leaves_the_selection_that_it_may_not_be_in(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?cell=11&order=wrong&dimension=1").text

    link = re.search(r'href="(/c/faces/images/1\?[^"]*)"', page[page.index("Nearest neighbours") :])
    assert link
    assert "cell=" not in link[1]
    assert "dimension=1" in link[1]


def test_a_pixel_group_leads_to_groups_like_it(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2").text

    assert "/c/faces/similar?group=200&amp;version=2" in page
    assert page.count("similar groups") == 2


def test_the_image_stands_where_its_nearest_cannot_be_looked_up(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.index_missing = True
    answer = visitor.get("/c/faces/images/2")

    assert answer.status_code == 200
    assert "is being built" in answer.text


def test_images_like_one_are_shown_below_it(visitor: Reader) -> None:
    page = visitor.get("/c/faces/similar?image=4").text

    asked, found = page.split("Nearest neighbours")
    assert "/images/4/thumb/192" in asked
    assert CARDS.findall(found) == ["3", "5", "2", "6", "1"]
    assert "0.60" in found


def test_groups_like_one_are_shown_as_crops(visitor: Reader) -> None:
    page = visitor.get("/c/faces/similar?group=400").text

    asked, found = page.split("Nearest neighbours")
    assert "/groups/400/crop/192" in asked
    assert re.findall(r"/groups/(\d+)/crop/192", found) == ["300", "500", "200", "600", "100"]


def test_a_group_like_no_other_is_said_to_be(visitor: Reader) -> None:
    assert (
        "No comparable pixel group in other images."
        in visitor.get("/c/faces/similar?group=401").text
    )


def test_words_find_images_where_the_encoder_reads_them(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.reads_text = True
    page = visitor.get("/c/faces/similar?words=<b>").text

    assert 'name="words" value="&lt;b&gt;"' in page
    assert CARDS.findall(page) == ["2", "4", "1", "5", "6"]


@pytest.mark.parametrize("query", ["", "?words=smile"])
def test_an_encoder_without_a_text_tower_is_said_to_read_no_text(
    visitor: Reader, query: str
) -> None:
    answer = visitor.get(f"/c/faces/similar{query}")

    assert answer.status_code == 200
    assert "reads no text" in answer.text
    assert 'name="words"' not in answer.text
    assert "Explore the images" in answer.text, "what one can do instead"
    assert "joint space" not in answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("image=99", 404),
        ("group=9900", 404),
        ("image=2&group=200", 422),
        ("image=2&words=smile", 422),
        ("image=two", 422),
        ("words=" + "x" * 201, 422),
        ("image=2&version=9", 404),
    ],
)
def test_what_makes_no_sense_is_refused(visitor: Reader, query: str, status: int) -> None:
    assert visitor.get(f"/c/faces/similar?{query}").status_code == status


def test_a_collection_without_a_version_has_nothing_to_compare(visitor: Reader) -> None:
    assert visitor.get("/c/raw/similar?image=2").status_code == 404


def test_the_page_stands_where_the_index_is_missing(visitor: Reader, book: FakeWorkbench) -> None:
    book.index_missing = True
    answer = visitor.get("/c/faces/similar?image=2")

    assert answer.status_code == 200
    assert "is being built" in answer.text
