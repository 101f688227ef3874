"""The main screen: glyphs, selection, pins, filters, levels."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes import FakeWorkbench, run


def glyph_of(page: str, cell_id: int) -> str:
    found = re.search(rf'<g class="glyph[^>]*data-cell-id="{cell_id}".*?</g>', page, re.DOTALL)
    assert found, f"cell {cell_id} is not drawn"
    return found[0]


def test_every_cell_is_a_glyph_that_links_to_its_images(visitor: Reader) -> None:
    page = visitor.get("/c/faces/").text

    assert re.findall(r'data-cell-id="(\d+)"', page) == ["11", "12", "13"]
    for cell_id in (11, 12, 13):
        assert f"cell={cell_id}" in glyph_of(page, cell_id)


def test_a_glyph_tells_its_numbers_in_words(visitor: Reader) -> None:
    glyph = glyph_of(visitor.get("/c/faces/").text, 11)

    assert "2 images: 1 real, right; 1 real, called fake." in glyph
    assert "Mean p(fake) 0.50, severity 3 of 5." in glyph
    assert "Sensitivity 0.40 logits, measured on 1 of them." in glyph


def test_a_cell_without_a_measured_image_has_no_bar_and_says_so(visitor: Reader) -> None:
    page = visitor.get("/c/faces/").text

    assert 'class="sensitivity"' in glyph_of(page, 12)
    assert "Sensitivity 0.80 logits, measured on each." in glyph_of(page, 12)
    assert 'class="sensitivity"' not in glyph_of(page, 13)
    assert "Sensitivity not measured." in glyph_of(page, 13)
    assert "sensitivity not measured" in visitor.get("/c/faces/cells/13").text
    assert "0.40 logits, measured on 1 of 2" in visitor.get("/c/faces/cells/11").text


def test_a_glyph_has_an_arc_for_each_outcome_that_occurs(visitor: Reader) -> None:
    glyph = glyph_of(visitor.get("/c/faces/").text, 12)

    assert re.findall(r'class="arc (\w+)"', glyph) == ["real_called_fake", "fake_right"]


def test_the_head_says_collection_version_and_how_good_it_is(visitor: Reader) -> None:
    page = visitor.get("/c/faces/").text

    assert "6 images" in page
    assert "model <b>v2</b>" in page
    assert "AUC 0.84 held-out" in page
    assert 'Adjudicate <b class="number">3</b>' in page


def test_links_name_the_version_so_that_they_show_the_same_after_a_retrain(visitor: Reader) -> None:
    assert "version=2" in glyph_of(visitor.get("/c/faces/").text, 11)


def test_selecting_a_cell_narrows_the_images(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?cell=13").text

    assert re.findall(r'class="card" href="/c/faces/images/(\d+)', page) == ["5", "6"]
    assert "selected cell · 1 of 2 misclassified" in page
    assert 'aria-current="true"' in glyph_of(page, 13)


def test_images_keep_the_selection_they_were_opened_from(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?cell=11&outcome=misclassified&order=wrong&dimension=1").text

    link = re.search(r'href="(/c/faces/images/2[^"]*)"', page)
    assert link
    for part in ("cell=11", "outcome=misclassified", "order=wrong", "dimension=1", "version=2"):
        assert part in link[1]


def test_a_filter_fades_the_cells_that_hold_nothing_it_asks_for(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?outcome=fake_called_real").text

    assert "faded" in glyph_of(page, 11)
    assert "faded" not in glyph_of(page, 13)
    assert "2 faded" in page


def test_pinned_cells_are_marked_and_compared(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?a=11&b=12").text

    assert page.count('class="cell-mark"') == 2
    assert '<b class="left-side">A</b>' in page
    assert '<b class="right-side">B</b>' in page
    assert "Mean activation 0.30 on the left, 0.40 on the right." in page


def test_one_cell_is_compared_with_all_images(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?cell=11").text

    assert "against <b" in page
    assert "Mean activation 0.30 on the left, 0.50 on the right." in page


def test_only_b_pinned_shows_all_images_on_the_left(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?b=12").text

    assert "Mean activation 0.50 on the left, 0.30 on the right." in page


def test_a_picked_dimension_colours_the_images(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?dimension=1").text

    assert "dimension=1" in re.findall(r'class="heat" src="([^"]+)"', page)[0]
    assert "heatmap: dimension 1" in page


def test_a_finer_level_keeps_a_window_and_can_be_moved(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?level=1&window=4,4,16,12").text

    assert re.findall(r'data-cell-id="(\d+)"', page) == ["21"]
    assert 'data-key="ArrowLeft"' in page
    assert "level=1&amp;window=0,4,16,12" in page


def test_the_images_are_paged(visitor: Reader) -> None:
    first = visitor.get("/c/faces/").text
    assert "after=2" in first

    second = visitor.get("/c/faces/?after=2").text
    assert re.findall(r'class="card" href="/c/faces/images/(\d+)', second) == ["3", "4"]


def test_no_image_left_offers_to_clear_the_filters(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?cell=11&outcome=fake_right").text

    assert "No image is left with these filters in this cell." in page
    assert "Clear all filters" in page


def test_a_pattern_narrows_the_images_and_can_be_cleared(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?pattern=31").text

    assert "clear this pattern" in page
    assert '<tr data-pattern-id="31" class="current">' in page


def test_hovering_shows_a_cell_from_near(visitor: Reader) -> None:
    card = visitor.get("/c/faces/cells/12?version=2", headers={"HX-Request": "true"}).text

    assert "<html" not in card
    assert "1 real (1 called fake) · 1 fake (0 called real)" in card
    assert "forehead glare" in card


@pytest.mark.parametrize(
    ("state", "words"),
    [("running", "62% · 14 s left"), ("queued", "waiting to retrain")],
)
def test_a_run_is_shown_in_the_head_of_every_page(
    book: FakeWorkbench, visitor: Reader, state: str, words: str
) -> None:
    book.runs = [run(state)]

    for url in ("/c/faces/", "/c/faces/images/2", "/c/faces/patterns"):
        assert words in visitor.get(url).text
