"""The patterns of a version, and each with its members."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader


def test_patterns_are_listed_with_what_is_claimed_and_what_was_measured(visitor: Reader) -> None:
    page = visitor.get("/c/faces/patterns").text

    assert page.count("<tr data-pattern-id=") == 2
    for words in ("9% to 16%", "42% to 52%", "95% confidence interval"):
        assert words in page, words
    for words in ("+0.50", "± 0.20", "12%", "47%", "×1.9", "×1.3 to ×2.6", "not measured", "−0.70"):
        assert words in page, words
    for words in ("−1.10 to −0.30", "0.83", "+0.72", "0.61"):
        assert words in page, words


@pytest.mark.parametrize(
    "url",
    [
        "/c/faces/",
        "/c/faces/patterns",
        "/c/faces/patterns/31",
        "/c/faces/patterns/report.html",
        "/c/faces/patterns/31/report.html",
    ],
)
def test_a_figure_that_images_cannot_tell_is_a_dash_with_the_reason(
    visitor: Reader, url: str
) -> None:
    page = visitor.get(url).text

    assert "12% of real" in page
    assert "9% to 16%" in page
    assert "no fake images" in page
    assert "no misclassified image" in page
    assert "×0.0" not in page


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


def test_the_sign_of_an_effect_is_explained_where_it_stands(visitor: Reader) -> None:
    for address in (
        "/c/faces/patterns",
        "/c/faces/patterns/32",
        "/c/faces/patterns/report.html",
        "/c/faces/patterns/32/report.html",
    ):
        assert "removal lowers p(fake)" in visitor.get(address).text, address


@pytest.mark.parametrize("page", ["31", "31/report.html", "report.html"])
def test_a_pattern_and_its_reports_say_where_the_model_is_right_for_the_wrong_reason(
    ada: Reader, page: str
) -> None:
    address = f"/c/faces/patterns/{page}"
    words = "1 image, 25% of those that the model gets right"
    assert words not in ada.get(address).text

    ada.post("/c/faces/images/1/verdicts", decision="real", wrong_reason="1")

    shown = ada.get(address).text
    assert "Right for the wrong reason" in shown
    assert words in shown
