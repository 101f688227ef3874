"""Pictures to take away: any view as SVG, and as a PNG of that very SVG."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from tests.web.addresses import PICTURES
from tests.web.conftest import Reader
from tests.web.exports.taking import HOSTILE, SVG, drawing, pixels, taken
from tests.web.fakes.data import CARDS, CELLS, NOON
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.explore.cells import Window
from workbench.services.explore.grid import Overview
from workbench.services.review.tags import TaggingView
from workbench.web.exports import documents


@pytest.mark.parametrize("view", PICTURES)
def test_a_picture_is_one_whole_svg_that_needs_nothing_else(visitor: Reader, view: str) -> None:
    root = drawing(visitor, view)

    assert root.tag == f"{SVG}svg"
    seen = Counter(each.tag.removeprefix(SVG) for each in root.iter())
    assert not seen.keys() & {"script", "foreignObject", "a", "use", "link", "animate", "set"}
    assert seen["style"] == 1
    for each in root.iter():
        for name, value in each.attrib.items():
            assert not name.startswith("on")
            if name.endswith("href"):
                assert value.startswith(("data:image/jpeg;base64,", "data:image/png;base64,"))
            elif "url(" in value:
                assert re.fullmatch(r"url\(#\w+\)", value)


@pytest.mark.parametrize("view", PICTURES)
def test_a_picture_s_style_has_plain_values_only(visitor: Reader, view: str) -> None:
    style = drawing(visitor, view).find(f"{SVG}style")

    assert style is not None
    text = style.text or ""
    for word in ("var(", "light-dark(", "color-mix(", "url(", "@import", "--", "<"):
        assert word not in text
    assert ".arc.real_right{stroke:#5b8db8}" in text


@pytest.mark.parametrize("view", PICTURES)
def test_a_picture_s_ids_are_unique_and_what_it_refers_to_is_there(
    visitor: Reader, view: str
) -> None:
    answer = taken(visitor, view).text
    ids = Counter(re.findall(r'\sid="([^"]+)"', answer))

    assert max(ids.values()) == 1
    assert set(re.findall(r"url\(#(\w+)\)", answer)) <= ids.keys()


def test_the_overview_has_one_glyph_a_cell_with_its_numbers_in_words(visitor: Reader) -> None:
    root = drawing(visitor, "overview")
    cells = [each for each in root.iter() if "data-cell-id" in each.attrib]

    assert [each.get("data-cell-id") for each in cells] == ["11", "12", "13"]
    assert "2 images; true negative (real): 1; false positive (real called fake): 1." in (
        cells[0].findtext(f"{SVG}title")
    )
    assert len(cells[0].findall(f"{SVG}image")) == 1


def test_the_overview_draws_the_very_glyphs_of_the_page(visitor: Reader) -> None:
    arcs = r'class="arc (?:real|fake)_\w+" stroke-width="\d\.\d" d="[^"]+"'

    whole = visitor.get("/c/faces/").text
    page = re.findall(arcs, whole[: whole.index('class="legend"')])
    assert page
    assert re.findall(arcs, taken(visitor, "overview").text) == page


def test_the_violins_are_those_of_the_page(visitor: Reader) -> None:
    halves = r'class="half [^"]+" d="[^"]+"'

    page = re.findall(halves, visitor.get("/c/faces/?a=11&b=12").text)
    assert page
    assert re.findall(halves, taken(visitor, "dimensions?a=11&b=12").text) == page


def test_the_head_says_what_is_shown_and_nothing_of_when(visitor: Reader) -> None:
    svg = taken(visitor, "images?cell=11&outcome=misclassified&label=real&order=wrong").text

    for words in ("Images", "faces", "model v2", "selected cell", "misclassified"):
        assert words in svg
    assert "label: real · " in svg
    assert "highest loss first" in svg
    assert taken(visitor, "images?cell=11&outcome=misclassified&label=real&order=wrong").text == svg


def test_a_picture_names_no_selection_that_it_does_not_heed(visitor: Reader) -> None:
    facts = re.findall(
        r'class="facts"[^>]*>([^<]*)', taken(visitor, "overview?label=real&cell=11").text
    )

    assert "label: real" in "".join(facts)
    assert "selected cell" not in "".join(facts)


def classes(root: ET.Element) -> dict[str, str]:
    """Of every cell of an overview."""
    return {
        each.get("data-cell-id", ""): each.get("class", "")
        for each in root.iter()
        if "data-cell-id" in each.attrib
    }


@pytest.mark.parametrize(
    ("query", "words"),
    [("pattern=31", "with pattern 1"), ("lasso=0:-1,-1;1,-1;1,1;-1,1", "lasso")],
)
def test_what_a_pattern_or_a_lasso_selects_stands_out_as_on_the_page(
    visitor: Reader, query: str, words: str
) -> None:
    root = drawing(visitor, f"overview?{query}")
    facts = "".join(each.text or "" for each in root.iter() if each.get("class") == "facts")
    page = visitor.get(f"/c/faces/?{query}").text

    for cell, given in classes(root).items():
        assert f'class="{given}" data-cell-id="{cell}"' in page
        assert ("is-lit" in given) != ("unlit" in given)
    assert words in facts
    assert "top bar: share selected" in facts
    drawn = [each.get("points") for each in root.iter(f"{SVG}polygon")]
    assert len(drawn) == ("lasso" in query)
    assert all(f'points="{points}"' in page for points in drawn)


def test_an_overview_without_a_selection_has_nothing_standing_out(visitor: Reader) -> None:
    root = drawing(visitor, "overview")

    assert not [each for each in classes(root).values() if "lit" in each]
    assert "top bar" not in "".join(root.itertext())


def test_a_filtered_overview_says_how_many_of_all_it_counts(visitor: Reader) -> None:
    assert re.search(
        r"\d of \d images match the filters; glyphs count these",
        taken(visitor, "overview?outcome=misclassified").text,
    )


def test_a_picture_says_what_its_letters_stand_for(visitor: Reader) -> None:
    for view in ("overview?a=11&b=12", "dimensions?a=11&b=12"):
        svg = taken(visitor, view).text
        assert "A: 2 images, mean p(fake) 0.50" in svg
        assert "B: 2 images, mean p(fake) 0.75" in svg


def test_an_image_shows_its_outlines_and_what_its_score_is_made_of(visitor: Reader) -> None:
    root = drawing(visitor, "image?image=2")

    outlines = [each for each in root.iter() if "data-group-id" in each.attrib]
    assert {each.get("d") for each in outlines} == {"M10 10 L60 10 L60 60 Z"}
    words = " ".join(root.itertext())
    for each in ("face 2 <b>.jpg", "label: real", "glare <b> 60%", "+1.10"):
        assert each in words


def test_an_image_s_picture_says_the_label_that_stands_and_the_one_that_its_version_knew(
    ada: Reader, visitor: Reader
) -> None:
    before = " ".join(drawing(visitor, "image?image=2").itertext())
    ada.post("/c/faces/images/2/verdicts", decision="fake")
    after = " ".join(drawing(visitor, "image?image=2").itertext())

    assert "label: real · as imported; not reviewed" in before
    assert "label: fake · decided by ada on 3 March 2026; imported as real" in after
    assert "label in v2: real" in before
    assert "label in v2: real" in after


def test_an_image_s_picture_needs_an_image(visitor: Reader) -> None:
    answer = visitor.get("/c/faces/export/image.svg")

    assert answer.status_code == 422
    assert "“image” is missing" in answer.text


@pytest.mark.parametrize("address", ["poster.svg", "overview.gif", "overview.html", "sheet.svg"])
def test_an_unknown_picture_has_a_page_that_names_those_there_are(
    visitor: Reader, address: str
) -> None:
    answer = visitor.get(f"/c/faces/export/{address}")

    assert answer.status_code == 404
    assert "overview, images, patterns, dimensions, image, each as svg or png" in answer.text


def test_hostile_names_are_text_and_nothing_else(visitor: Reader, book: FakeWorkbench) -> None:
    book.taggings[1] = ("pattern", 31, TaggingView(1, HOSTILE, "ada", NOON, "hand"))

    answer = taken(visitor, "patterns")

    assert "<script" not in answer.text
    assert HOSTILE in [
        each.findtext(f"{SVG}title")
        for each in ET.fromstring(answer.data).iter()
        if each.get("data-pattern-id") == "31"
    ]


def test_signs_that_no_xml_may_hold_do_not_break_a_picture(
    visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CARDS, 2, replace(CARDS[2], name="a\x00b\x1b\ufffe\ud800.jpg"))

    title = drawing(visitor, "image?image=2").findtext(f"{SVG}title")

    assert title is not None
    assert title.startswith("a\N{REPLACEMENT CHARACTER}b")


def test_a_document_holds_a_bounded_number_of_pictures(
    visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_PICTURES", 2)

    answer = visitor.get("/c/faces/export/overview.svg")

    assert answer.status_code == 422
    assert "at most 2 images" in answer.text


def test_a_full_window_fits_into_a_document(
    visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = tuple(
        replace(CELLS[11], id=1000 + number, column=number % 30, row=number // 30)
        for number in range(600)
    )
    shown = Overview(
        "balanced", ("balanced",), 1, 0, 1, 32, 24, Window(0, 0, 30, 20), cells, 600, 600
    )
    monkeypatch.setattr("workbench.services.explore.grid.overview", lambda *_given: shown)

    assert taken(visitor, "overview?level=1&window=0,0,30,20").text.count("data-cell-id") == 600
    assert pixels(visitor, "overview?level=1&window=0,0,30,20").shape[1] == 2 * (30 * 48 + 48)


def test_a_picture_whose_file_is_gone_leaves_the_rest(visitor: Reader, book: FakeWorkbench) -> None:
    book.pictures_missing = True

    images = drawing(visitor, "overview").iter(f"{SVG}image")
    assert {each.get("href") for each in images} == {documents.NO_PICTURE}


@pytest.mark.usefixtures("time_stands_still")
def test_strangers_may_draw_twenty_pictures_a_minute(visitor: Reader) -> None:
    answers = [visitor.get("/c/faces/export/dimensions.svg").status_code for _each in range(21)]

    assert answers == [200] * 20 + [429]


@pytest.mark.parametrize(
    ("page", "picture"),
    [
        ("/c/faces/?cell=11&order=wrong", "overview"),
        ("/c/faces/?cell=11&order=wrong", "images"),
        ("/c/faces/?cell=11&order=wrong", "patterns"),
        ("/c/faces/?cell=11&order=wrong", "dimensions"),
        ("/c/faces/images/2?cell=11&order=wrong", "image"),
    ],
)
def test_each_panel_offers_itself_as_it_is_set_up(visitor: Reader, page: str, picture: str) -> None:
    text = visitor.get(page).text

    for kind in ("svg", "png"):
        link = re.search(rf'href="(/c/faces/export/{picture}\.{kind}\?[^"]*)"', text)
        assert link
        address = link[1].replace("&amp;", "&")
        for part in ("cell=11", "order=wrong", "version=2"):
            assert part in address
        assert visitor.get(address).status_code == 200


def test_the_images_of_a_later_page_are_taken_from_there(visitor: Reader) -> None:
    page = visitor.get("/c/faces/?after=2").text

    link = re.search(r'href="(/c/faces/export/images\.svg\?[^"]*)"', page)
    assert link
    assert "after=2" in link[1]
    svg = visitor.get(link[1].replace("&amp;", "&")).text
    assert re.findall(r'data-image-id="(\d+)"', svg) == ["3", "4"]
