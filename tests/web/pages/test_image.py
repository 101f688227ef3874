"""One image: its heatmap, its pixel groups, its score taken apart."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.web.conftest import Reader
from tests.web.fakes import state as fake_state
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.models.outside import Outside


def test_the_score_is_taken_apart_into_signed_parts(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2").text

    parts = re.search(r'<table class="breakdown">.*?</table>', page, re.DOTALL)
    assert parts
    assert re.findall(r'class="numeric">([^<]+)<', parts[0]) == [
        "−0.40",
        "+2.00",
        "−0.50",
        "0.00",
        "+1.10",
    ]
    assert "1 dimension without contribution" in parts[0]


def test_the_size_at_which_the_encoder_saw_the_image_stands_beside_that_of_the_original(
    visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Encoder input" not in visitor.get("/c/faces/images/2").text, "it was not kept"
    monkeypatch.setattr(fake_state, "NEW", replace(fake_state.NEW, image_size=448))

    page = visitor.get("/c/faces/images/2").text

    assert "<dt>Encoder input</dt><dd>448 × 448 px</dd>" in page


def test_pixel_groups_are_outlined_and_listed(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2").text

    assert page.count('class="outline ') == 2
    assert page.count('<li class="group"') == 2
    assert "4% of the image" in page


def test_the_map_s_scale_and_colours_are_told_to_the_script(visitor: Reader) -> None:
    canvas = re.search(r"<canvas[^>]*>", visitor.get("/c/faces/images/2?dimension=1").text)

    assert canvas
    told = dict(re.findall(r'data-(\w+)="([^"]*)"', canvas[0]))
    assert told["map"].startswith("/maps/2/2.png")
    assert (told["scale"], told["zero"], told["steps"]) == ("0.08", "128", "127")
    assert len(bytes.fromhex(told["ramp"])) == 4 * 256


def test_without_a_script_the_heatmap_is_a_picture(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?dimension=1").text

    shown = re.search(
        r'<noscript><svg class="heat"[^>]*><image href="(/heatmaps/2/2.png[^"]*)"', page
    )
    assert shown
    assert "dimension=1" in shown[1]


def test_the_legend_names_both_sides_and_its_ends_in_logits(visitor: Reader) -> None:
    legend = re.search(
        r'<svg class="heat-legend".*?</svg>', visitor.get("/c/faces/images/2").text, re.DOTALL
    )

    assert legend
    assert re.findall(r"<text[^>]*>([^<]+)<", legend[0]) == [
        "− toward real",
        "toward fake +",
        "≤ −0.080",
        "−0.040",
        "0",
        "+0.040",
        "≥ +0.080",
    ]


def test_a_dimension_is_chosen_by_its_row_or_the_total_by_the_sum_s(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?dimension=1").text

    rows = re.findall(r'<a href="([^"]+)" data-dimension="(\d*)"( aria-current="true")?', page)
    assert [(index, bool(current)) for _url, index, current in rows] == [
        ("0", False),
        ("1", True),
        ("", False),
    ]
    assert "dimension=0" in rows[0][0]
    assert "dimension" not in rows[2][0]


def test_a_pixel_group_s_contribution_stands_in_the_image(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2").text

    labels = re.findall(r'<text class="group-label" data-group-id="(\d+)"[^>]*>([^<]+)<', page)
    assert sorted(labels) == [("200", "+0.90"), ("201", "−0.30")]


def test_a_pixel_group_is_tagged_and_the_tag_taken_off(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post("/groups/200/tags", tag="forehead glare", back="/c/faces/images/2")
    page = ada.get(answer.location).text
    assert "Tagged “forehead glare”." in page
    assert re.search(r'<span class="tag hue-\d"[^>]*>forehead glare', page)

    tagging_id = next(iter(book.taggings))
    ada.post(f"/taggings/{tagging_id}/withdraw", back="/c/faces/images/2")

    assert not book.taggings


def test_the_names_of_the_taxonomy_are_offered_for_tagging(ada: Reader) -> None:
    ada.post("/groups/200/tags", tag="forehead glare")

    assert '<option value="forehead glare">' in ada.get("/c/faces/images/2").text


@pytest.mark.parametrize("tag", ["", "   ", "x" * 61, "a\x00b"])
def test_a_tag_needs_a_name_that_can_be_shown(ada: Reader, book: FakeWorkbench, tag: str) -> None:
    assert ada.post("/groups/200/tags", tag=tag).status_code == 422
    assert not book.taggings


def test_a_tag_s_text_is_escaped(ada: Reader) -> None:
    ada.post("/groups/200/tags", tag="<script>alert(1)</script>")

    for url in ("/c/faces/images/2", "/taxonomy"):
        assert "<script>alert" not in ada.get(url).text


def test_an_image_tells_its_measured_sensitivity_or_that_there_is_none(visitor: Reader) -> None:
    measured, other = (
        " ".join(re.sub(r"<[^>]*>", " ", visitor.get(f"/c/faces/images/{number}").text).split())
        for number in (2, 1)
    )

    assert "Sensitivity −0.90 logits: strongest pixel groups removed −0.60" in measured
    assert "control regions removed +0.30" in measured
    assert "Sensitivity not measured" in other


def test_other_versions_scores_are_shown(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2").text

    assert re.search(r'<a href="[^"]*version=1[^"]*">v1</a> <span class="number">0.66</span>', page)


NOT_TRAINED = "This score comes from a head that was not trained on this image."


@pytest.mark.parametrize(
    ("image_id", "split", "score"),
    [
        (1, "training split, not trained on in this version", NOT_TRAINED),
        (2, "training split, scored by fold 3 of 5", NOT_TRAINED),
        (
            3,
            "training split, scored by a head trained on it",
            "was trained on this image: it may know its label by heart",
        ),
        (6, "test split: never trained on", NOT_TRAINED),
    ],
)
def test_an_image_says_which_head_its_score_comes_from(
    visitor: Reader, image_id: int, split: str, score: str
) -> None:
    page = visitor.get(f"/c/faces/images/{image_id}").text

    assert split in page
    assert score in page


def test_it_is_not_known_whether_another_detector_was_trained_on_a_test_image(
    visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = Outside("UnivFD", "scores.csv", "0" * 64, without_score=0)
    monkeypatch.setattr(fake_state, "NEW", replace(fake_state.NEW, outside=scores))

    page = visitor.get("/c/faces/images/6").text

    assert "<dd>test split of this collection</dd>" in page


def test_the_original_is_shown_with_the_analysed_square_framed(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2").text

    assert re.search(r'<img class="base"[^>]* src="/originals/2\.jpg\?[^"]*of=abc"', page)
    # Of 1,024 x 768 px the middle 768 were analysed, shown in the drawing's 256 units.
    x = y = (768 - 1024) / 2 / 768 * 256
    frame = " ".join(f"{each:.4f}" for each in (x, y, 1024 / 3, 1024 / 3))
    assert page.count(f'viewBox="{frame}"') == 2, "outlines, and the heatmap without scripts"
    assert "the middle 768 × 768 px, framed in the picture" in page


def test_of_a_square_original_nothing_is_framed(visitor: Reader, book: FakeWorkbench) -> None:
    book.original_size = (640, 640)

    page = visitor.get("/c/faces/images/2").text

    assert 'viewBox="0.0000 0.0000 256.0000 256.0000"' in page
    assert 'class="analysed whole"' in page
    assert "framed in the picture" not in page


def test_only_a_large_original_has_tiles(visitor: Reader, book: FakeWorkbench) -> None:
    assert "/originals/2/0/0/0.jpg" not in visitor.get("/c/faces/images/2").text

    book.original_size = (9000, 6000)

    page = visitor.get("/c/faces/images/2").text
    assert re.search(r'data-levels="3"[^>]* data-address="/originals/2/0/0/0\.jpg\?', page)


def test_a_missing_original_gives_way_to_the_analysed_copy(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.originals_missing.add(2)

    page = visitor.get("/c/faces/images/2").text

    assert '<p class="caution small">The original is not where it was imported from.</p>' in page
    assert re.search(r'<img class="base"[^>]* src="/images/2\.jpg\?', page)
    assert "/originals/2" not in page
