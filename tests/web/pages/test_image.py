"""One image: reading its score, judging it, tagging it, trying a counterfactual on it."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench

NOTE = {"edit": "group-200", "fill": "blur", "expectation": "fall", "text": "the glare did it"}


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

    shown = re.search(r'<noscript><img class="heat" src="(/heatmaps/2/2.png[^"]*)"', page)
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


def test_the_meaning_of_a_verdict_depends_on_who_is_wrong(ada: Reader) -> None:
    assert "The label is correct; the model is wrong." in ada.get("/c/faces/images/2").text
    assert "The label is correct; the model agrees." in ada.get("/c/faces/images/1").text


def test_a_reader_without_account_is_told_how_to_judge(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?cell=11").text

    assert 'name="decision"' not in page
    assert "/login?next=/c/faces/images/2?" in page.replace("%2F", "/").replace("%3F", "?")


@pytest.mark.parametrize("decision", ["confirm", "overturn", "unsure", "exclude"])
def test_a_verdict_is_saved_and_said_to_be(ada: Reader, book: FakeWorkbench, decision: str) -> None:
    answer = ada.post("/c/faces/images/2/verdicts?version=2", decision=decision, reason="glare")

    assert answer.status_code == 303
    assert [(each.decision, each.reason) for each in book.verdicts[2]] == [(decision, "glare")]
    page = ada.get(answer.location).text
    assert "Saved:" in page
    assert "glare" in page


def test_saved_is_said_once(ada: Reader) -> None:
    answer = ada.post("/c/faces/images/2/verdicts", decision="confirm")

    assert "Saved: confirmed." in ada.get(answer.location).text
    assert "Saved: confirmed." not in ada.get(answer.location).text


def test_a_verdict_can_be_undone_at_once(ada: Reader, book: FakeWorkbench) -> None:
    saved = ada.get(ada.post("/c/faces/images/2/verdicts", decision="confirm").location).text
    undo = re.search(
        r'action="(/verdicts/\d+/withdraw)".*?name="back" value="([^"]+)"', saved, re.DOTALL
    )
    assert undo

    answer = ada.post(undo[1], back=undo[2].replace("&amp;", "&"))

    assert book.verdicts[2][0].withdrawn
    assert answer.location.startswith("/c/faces/images/2")
    assert "Verdict withdrawn." in ada.get(answer.location).text


def test_people_who_disagree_are_unsure_together_on_the_page(ada: Reader, ben: Reader) -> None:
    ada.post("/c/faces/images/2/verdicts", decision="overturn")
    alone = ada.get("/c/faces/images/2").text
    ben.post("/c/faces/images/2/verdicts", decision="confirm")
    both = ada.get("/c/faces/images/2").text

    assert 'class="decision unsure"' not in alone
    assert 'class="decision unsure"' in both


def test_somebody_else_s_verdict_cannot_be_taken_back(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    ben.post("/c/faces/images/2/verdicts", decision="confirm")
    page = ada.get("/c/faces/images/2").text
    assert "Withdraw" not in page

    answer = ada.post(f"/verdicts/{book.verdicts[2][0].id}/withdraw")

    assert answer.status_code == 409
    assert not book.verdicts[2][0].withdrawn


@pytest.mark.parametrize(
    "fields", [{}, {"decision": "perhaps"}, {"decision": "confirm", "reason": "x" * 2001}]
)
def test_a_verdict_that_makes_no_sense_is_refused(
    ada: Reader, book: FakeWorkbench, fields: dict[str, str]
) -> None:
    assert ada.post("/c/faces/images/2/verdicts", **fields).status_code == 422
    assert not book.verdicts


def test_the_queue_leads_from_the_most_wrong_image_to_the_next(ada: Reader) -> None:
    first = ada.get("/c/faces/adjudicate")
    assert "/images/2?" in first.location
    assert "queue=1" in first.location

    saved = ada.post("/c/faces/images/2/verdicts?version=2&queue=1", decision="confirm")
    following = ada.get(saved.location)

    assert "/images/5?" in following.location
    page = ada.get(following.location).text
    assert "Saved: confirmed." in page, "what was saved is said on the next image"
    assert '<b class="number">2</b> left in the review queue' in page


def test_an_image_can_be_skipped_in_the_queue(ada: Reader) -> None:
    page = ada.get(ada.get("/c/faces/adjudicate").location).text

    skip = re.search(r'href="([^"]+)" rel="next"', page)
    assert skip
    assert skip[1].startswith("/c/faces/images/5?")
    assert "Skip" in page


def test_the_end_of_the_queue_goes_back_to_what_was_skipped(ada: Reader) -> None:
    ada.post("/c/faces/images/5/verdicts", decision="confirm")

    answer = ada.get("/c/faces/adjudicate?after=3")

    assert "/images/2?" in answer.location


def test_an_empty_queue_says_what_to_do_next(ada: Reader) -> None:
    for image_id in (2, 3, 5):
        ada.post(f"/c/faces/images/{image_id}/verdicts", decision="confirm")

    page = ada.get("/c/faces/adjudicate").text

    assert "The review queue is empty" in page
    assert "/c/faces/models" in page


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


def test_a_counterfactual_shows_before_after_and_its_control(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?edit=group-200&fill=blur").text

    assert "0.75" in page
    assert "0.42" in page
    assert "−1.40" in page
    assert page.count('class="control"') == 10
    assert "Significant: lower than the control regions" in page
    assert "edit=group-200&amp;fill=blur" in page


def test_a_dimension_s_counterfactual_stands_beside_other_dimensions(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?edit=dimension-1").text

    assert "dimension 1 set to zero" in page
    assert page.count('class="control"') == 3
    assert "3 control dimensions" in page
    assert "Significant: lower than the control dimensions (mean +0.10)" in page
    assert "/counterfactuals/2/2.jpg" not in page, "the image is as it was"


def test_where_too_few_dimensions_move_nothing_is_called_evidence(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?edit=dimension-2").text

    assert "Too few controls for a test: 1 control dimension." in page
    assert "ignificant" not in page


def test_a_dimension_can_be_set_to_the_mean_of_a_cell(ada: Reader, book: FakeWorkbench) -> None:
    page = ada.get("/c/faces/images/2?edit=dimension-1&to=cell-12&a=12&b=13&cell=11").text

    assert "dimension 1 set to 12" in page
    offered = re.search(r'<select name="to">(.*?)</select>', page, re.DOTALL)
    assert offered
    assert re.findall(r'value="([^"]+)"( selected)?', offered[1]) == [
        ("zero", ""),
        ("own", ""),
        ("cell-12", " selected"),
        ("cell-13", ""),
        ("cell-11", ""),
    ]
    assert '<input type="hidden" name="to" value="cell-12">' in page

    ada.post("/c/faces/images/2/notes", **(NOTE | {"edit": "dimension-1", "to": "own"}))

    assert [note.edit_label for _owner, note in book.notes.values()] == ["dimension 1 set to own"]


def test_an_image_tells_its_measured_sensitivity_or_that_there_is_none(visitor: Reader) -> None:
    measured, other = (
        " ".join(re.sub(r"<[^>]*>", " ", visitor.get(f"/c/faces/images/{number}").text).split())
        for number in (2, 1)
    )

    assert "Sensitivity 0.90 logits: strongest pixel groups removed −0.60" in measured
    assert "control regions removed +0.30" in measured
    assert "Sensitivity not measured" in other


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("edit=group-300", 404),
        ("edit=group", 422),
        ("edit=group-99999999999", 422),
        ("edit=everything", 422),
        ("edit=group-200&fill=paint", 422),
        ("edit=dimension-1&to=one", 422),
        ("edit=dimension-1&to=cell-99999999999", 422),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused(visitor: Reader, query: str, status: int) -> None:
    assert visitor.get(f"/c/faces/images/2?{query}").status_code == status


def test_without_the_encoder_the_image_stands_and_says_what_is_missing(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.encoder_missing = True

    answer = visitor.get("/c/faces/images/2?edit=group-200")

    assert answer.status_code == 200
    assert "The encoder of version 2 cannot be had." in answer.text
    assert "By dimension" in answer.text


def test_a_note_is_saved_with_its_expectation(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post("/c/faces/images/2/notes?version=2", **NOTE)

    page = ada.get(answer.location).text
    assert "Note saved." in page
    assert "the glare did it" in page
    assert "expected to fall: <b" in page
    assert [note.expectation for _owner, note in book.notes.values()] == ["fall"]


@pytest.mark.parametrize("missing", ["edit", "expectation", "text"])
def test_a_note_without_one_of_its_parts_is_refused(
    ada: Reader, book: FakeWorkbench, missing: str
) -> None:
    fields = {name: value for name, value in NOTE.items() if name != missing}

    assert ada.post("/c/faces/images/2/notes", **fields).status_code == 422
    assert not book.notes


def test_a_note_can_be_taken_back(ada: Reader, book: FakeWorkbench) -> None:
    ada.post("/c/faces/images/2/notes", **NOTE)

    ada.post(f"/notes/{next(iter(book.notes))}/withdraw")

    assert not book.notes


def test_a_refusal_is_a_fragment_for_a_fragment_s_request(ada: Reader) -> None:
    answer = ada.client.post(
        "/groups/200/tags",
        data={"csrf_token": ada.token(), "tag": ""},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert "data-message" in answer.text


def test_other_versions_scores_are_shown(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2").text

    assert re.search(r'<a href="[^"]*version=1[^"]*">v1</a> <span class="number">0.66</span>', page)
