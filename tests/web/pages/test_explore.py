"""The main screen: glyphs, selection, pins, filters, levels."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

import pytest

from tests.web.conftest import Reader
from tests.web.fakes import state as fake_state
from tests.web.fakes.runs import run
from tests.web.fakes.workbench import FakeWorkbench


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

    assert "2 images; true negative (real): 1; false positive (real called fake): 1." in glyph
    assert "Mean p(fake) 0.50, severity 3 of 5." in glyph
    assert "Sensitivity +0.40 logits, measured on 1." in glyph


def test_a_cell_without_a_measured_image_has_no_bar_and_says_so(visitor: Reader) -> None:
    page = visitor.get("/c/faces/").text

    assert 'class="sensitivity"' in glyph_of(page, 12)
    assert "Sensitivity −0.80 logits, measured on all." in glyph_of(page, 12)
    assert 'class="sensitivity"' not in glyph_of(page, 13)
    assert "Sensitivity not measured." in glyph_of(page, 13)
    assert "sensitivity not measured" in visitor.get("/c/faces/cells/13").text
    assert "sensitivity +0.40 logits, measured on 1 of 2" in visitor.get("/c/faces/cells/11").text


def test_a_sensitivity_toward_fake_points_to_the_right_and_one_toward_real_to_the_left(
    visitor: Reader,
) -> None:
    page = visitor.get("/c/faces/").text
    bars = [
        re.search(r'class="sensitivity" d="[^"]*M(\S+) \S+h(\S+)v', glyph_of(page, cell_id))
        for cell_id in (11, 12)
    ]

    right, left = ([float(each) for each in bar.groups()] for bar in bars if bar)
    assert right == [0.0, 8.5]
    assert left == [-17.0, 17.0]


def test_a_glyph_has_an_arc_for_each_outcome_that_occurs(visitor: Reader) -> None:
    glyph = glyph_of(visitor.get("/c/faces/").text, 12)

    assert re.findall(r'class="arc (\w+)"', glyph) == ["real_called_fake", "fake_right"]


def test_the_head_says_collection_version_and_how_good_it_is(visitor: Reader) -> None:
    page = visitor.get("/c/faces/").text

    assert "6 images" in page
    assert "model <b>v2</b>" in page
    assert "test AUC 0.84" in page
    assert 'Review <b class="number">3</b>' in page


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


def test_a_filter_changes_what_the_glyphs_count_and_says_so(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?outcome=fake_called_real").text

    assert "1 of 6 images match the filters; glyphs count these" in page
    assert "None of its 2 images match the filters." in glyph_of(page, 11)
    assert "1 image; false negative (fake called real): 1." in glyph_of(page, 13)
    assert 'class="arc' not in glyph_of(page, 11)


def test_filters_combine_and_each_can_be_taken_off(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?outcome=misclassified&label=real&p=0.8,1").text

    assert "1 of 6 images match the filters" in page
    assert "p(fake) 0.8 to 1" in page
    without = re.search(r'href="([^"]+)" data-swap>misclassified', page)
    assert without
    assert "outcome" not in without[1]
    assert "label=real" in without[1]
    assert "clear all filters" in page


def test_the_filters_of_a_form_are_read_as_those_of_a_link(visitor: Reader) -> None:
    by_form = visitor.get("/c/faces/?p=0.8&p=&severity=4&severity=5&activation=&activation=").text
    by_link = visitor.get("/c/faces/?p=0.8,1&severity=4,5").text

    assert "p(fake) 0.8 to 1" in by_form
    assert "severity 4, 5" in by_form
    links = re.compile(r'href="(/c/faces/\?[^"]+)"')
    assert links.findall(by_form) == links.findall(by_link)


def test_the_form_shows_what_is_set(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?generator=stylegan&p=0.25,0.5&activation=1,0.5,1000000").text

    assert "<option selected>stylegan</option>" in page
    assert 'value="0.25"' in page
    assert '<option value="1" selected>dim 1 · edges</option>' in page
    assert 'value="1000000"' not in page


def test_images_are_filtered_by_what_the_import_noted(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?noted=one_colour").text

    assert '<option value="one_colour" selected>a single colour</option>' in page
    assert '<option value="tiny">shorter side below 16 px</option>' in page
    assert 'value="stretched"' not in page
    assert "import: a single colour" in page


def test_activations_toward_real_are_filtered_too(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?activation=1,,-0.5").text

    assert 'value="-0.5"' in page
    assert 'value="-1000000"' not in page


def test_a_text_leads_to_images_that_look_like_it_where_the_encoder_may_read(
    visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "look like" not in visitor.get("/c/faces/?text=face").text
    reading = replace(fake_state.NEW, encoder="open_clip:ViT-B-32/openai")
    monkeypatch.setattr(fake_state, "NEW", reading)

    page = visitor.get("/c/faces/?text=face").text

    assert "/c/faces/similar?version=2&amp;words=face" in page


def test_a_lasso_is_counted_before_anything_is_done_with_it(visitor: Reader) -> None:
    box = "0:0,0;2,0;2,1;0,1"
    card = visitor.get(f"/c/faces/lasso?lasso={box}", headers={"HX-Request": "true"}).text

    assert "4 images</b> in 2 cells, 2 misclassified" in card
    assert "lasso=0:0,0;2,0;2,1;0,1" in unquote(card)

    page = visitor.get(f"/c/faces/?lasso={box}").text
    assert "4 images </p>" in re.sub(r"\s+", " ", page)
    assert "is-lit" in glyph_of(page, 11)
    assert "is-lit" not in glyph_of(page, 13)
    assert 'class="lassoed"' in page


def test_the_layouts_are_links_that_keep_what_is_selected(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?layout=content&cell=11&level=1&window=0,0,16,12").text

    switch = re.search(r'aria-label="Layout">(.*?)</span>\s*<span class="levels"', page, re.DOTALL)
    assert switch
    links = re.findall(r"<a [^>]*>", switch[1])
    assert ["aria-current" in each for each in links] == [True, False, False]
    # The key leads to the next one.
    assert ["data-key" in each for each in links] == [False, True, False]
    for name, link in zip(("content", "balanced", "evidence"), links, strict=True):
        assert f"layout={name}&amp;cell=11" in link
        assert "level=" not in link
        assert "window=" not in link


def test_the_fewer_cells_there_are_the_larger_their_pictures(visitor: Reader) -> None:
    for window, size in (("0,0,16,12", 48), ("0,0,8,6", 96), ("0,0,4,3", 192)):
        page = visitor.get(f"/c/faces/?level=1&window={window}").text
        assert f"/thumb/{size}" in glyph_of(page, 21)


def test_a_cell_of_one_image_shows_it_as_a_square(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?level=1&window=0,0,16,12").text

    assert "clip-path" not in glyph_of(page, 21)
    assert 'class="arc real_right"' in glyph_of(page, 21)
    assert "clip-path" in glyph_of(visitor.get("/c/faces/").text, 11)


def test_a_lasso_around_nothing_says_so(visitor: Reader) -> None:
    card = visitor.get("/c/faces/lasso?lasso=0:9,9;10,9;10,10").text

    assert "No images selected." in card


def test_a_selected_pattern_lights_its_cells_up(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?pattern=32").text

    assert [cell for cell in (11, 12, 13) if "is-lit" in glyph_of(page, cell)] == [13]
    assert 'class="layout lighting"' in page


def test_a_picked_dimension_shows_the_pixel_groups_that_carry_it(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?dimension=1&a=11&b=12").text

    assert 'Top-activating regions of dimension 1, <b class="left-side">A</b>' in page
    assert "/groups/200/crop/96" in page
    assert "/images/4/thumb/96" in page


def test_of_one_set_of_images_a_dimension_shows_its_highest_and_its_lowest(
    visitor: Reader,
) -> None:
    page = visitor.get("/c/faces/?dimension=1").text

    highest, lowest = page.index("where it is highest"), page.index("where it is lowest")
    assert highest < page.index("/groups/200/crop/96") < lowest
    assert lowest < page.index("/groups/500/crop/96")
    assert "lowest first" in page[lowest:]


def test_a_dimension_s_weight_is_said_without_a_side(visitor: Reader) -> None:
    page = visitor.get("/c/faces/").text

    # Its activation has the sign: a weight of +1.00 counts evidence of either side.
    assert "Dimension 2, weight +0.70. Mean activation" in page
    assert "weight +0.70, toward" not in page


def test_the_violins_stand_in_a_table_too(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?a=11&b=12").text

    table = page[page.index("Dimensions as a table") :]
    assert table.count('<th scope="row">') == 3
    assert "0.30" in table
    assert "0.40" in table


def test_a_first_visitor_is_told_where_to_click_until_that_is_read(ada: Reader) -> None:
    assert "Find the visual patterns of AI-generated images" in ada.get("/c/faces/").text

    answer = ada.post("/welcome", back="/c/faces/?cell=11")

    assert answer.location == "/c/faces/?cell=11"
    assert "Find the visual patterns of AI-generated images" not in ada.get("/c/faces/").text


def test_pinned_cells_are_marked_and_compared(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?a=11&b=12").text

    assert page.count('class="cell-mark"') == 2
    assert '<b class="left-side">A</b>' in page
    assert '<b class="right-side">B</b>' in page
    assert "Mean activation 0.30 on the left, 0.40 on the right." in page


def test_one_cell_is_compared_with_all_images(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?cell=11").text

    assert " left, <b" in page
    assert "Mean activation 0.30 on the left, 0.50 on the right." in page


def test_only_b_pinned_shows_all_images_on_the_left(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?b=12").text

    assert "Mean activation 0.50 on the left, 0.40 on the right." in page


def test_a_picked_dimension_colours_the_images(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?dimension=1").text

    assert "dimension=1" in re.findall(r'class="heat" src="([^"]+)"', page)[0]
    assert '<option value="1" selected>heatmap: dim 1 · edges</option>' in page


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

    assert "No images in this selection match these filters." in page
    assert "Clear filters and selection" in page


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
    [("running", "62%, 14 s left"), ("queued", "retrain queued")],
)
def test_a_run_is_shown_in_the_head_of_every_page(
    book: FakeWorkbench, visitor: Reader, state: str, words: str
) -> None:
    book.runs = [run(state)]

    for url in ("/c/faces/", "/c/faces/images/2", "/c/faces/patterns"):
        assert words in visitor.get(url).text
