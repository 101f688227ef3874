"""Counterfactuals tried on an image, and the notes of them."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.noting import EDIT, WORDS, noted, run_edit
from workbench.services.image import counterfactuals


def test_a_counterfactual_shows_before_after_and_its_control(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?edit=group-200&fill=blur&expectation=fall").text

    assert "0.75" in page
    assert "0.42" in page
    assert "−1.40" in page
    assert page.count('class="control"') == 10
    assert (
        "Significant: −1.40 lies outside the 95% prediction interval of the control regions" in page
    )
    assert "−0.15 to +0.15" in page
    assert "edit=group-200&amp;fill=blur" in page
    assert "Expected to fall:" in page
    assert '<b class="met">met</b>' in page


def checked(page: str) -> list[str]:
    """Which expectations stand chosen on the page."""
    radios = re.findall(r'<input type="radio" name="expectation"[^>]*>', page)
    assert len(radios) == 3
    assert all(" required" in each for each in radios)
    return [re.findall(r'value="(\w+)"', each)[0] for each in radios if " checked" in each]


@pytest.mark.parametrize("reader", ["visitor", "ada"])
def test_nothing_is_tried_before_it_is_said_what_is_expected(
    reader: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    who: Reader = request.getfixturevalue(reader)
    tried: list[object] = []
    monkeypatch.setattr(counterfactuals, "try_edit", lambda *given: tried.append(given))

    page = who.get("/c/faces/images/2?edit=group-201&fill=mean").text

    assert tried == []
    assert "say first what you expect p(fake) to do" in page
    assert checked(page) == [], "nothing is expected by default"
    assert '<option value="group-201" selected>' in page
    assert '<option value="mean" selected>' in page
    assert 'class="trial' not in page
    assert 'id="note-text"' not in page


def test_what_was_expected_is_written_down_first_and_cannot_be_changed_any_more(
    ada: Reader, book: FakeWorkbench
) -> None:
    there = run_edit(ada, expectation="rise", bound="0.8")

    [(_user, _version, _image, _edit, expected)] = book.expectations.values()
    assert (expected.direction, expected.bound) == ("rise", 0.8)
    page = ada.get(there).text
    form = re.search(r'<form class="stack note-form".*?</form>', page, re.DOTALL)
    assert form
    assert f'name="expected" value="{next(iter(book.expectations))}"' in form[0]
    assert "radio" not in form[0]
    assert checked(page) == [], "the next edit needs an expectation of its own"
    assert "Expected to rise above 0.8:" in page
    assert '<b class="unmet">not met</b>' in page
    assert "You had run this edit before" not in page


def test_who_runs_an_edit_again_is_told_that_its_result_was_known(ada: Reader) -> None:
    run_edit(ada)

    page = ada.get(run_edit(ada, expectation="rise")).text

    assert "You had run this edit before" in page


def test_a_link_shows_no_result_to_who_could_write_a_note_before_they_have_run_it(
    ada: Reader, ben: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = run_edit(ada)
    tried: list[object] = []
    monkeypatch.setattr(counterfactuals, "try_edit", lambda *given: tried.append(given))

    for address in (shared, "/c/faces/images/2?edit=group-200&fill=blur&expectation=fall"):
        page = ben.get(address).text
        assert "say first what you expect p(fake) to do" in page
        assert '<option value="group-200" selected>' in page
        assert checked(page) == []
    assert tried == []


@pytest.mark.parametrize(
    "fields",
    [
        {"bound": "0"},
        {"bound": "1"},
        {"bound": "half"},
        {"bound": "1e-3"},
        {"expectation": ""},
        {"expectation": "hope"},
        {"edit": ""},
    ],
)
def test_what_cannot_be_expected_is_refused(
    ada: Reader, book: FakeWorkbench, fields: dict[str, str]
) -> None:
    assert ada.post("/c/faces/images/2/expectations", **(EDIT | fields)).status_code == 422
    assert not book.expectations


def test_with_too_few_controls_an_expectation_is_neither_met_nor_missed(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?edit=dimension-2&expectation=stay").text

    assert '<b class="untested">not tested</b>' in page
    assert "(too few controls)" in page


def test_who_signs_in_comes_back_to_the_same_trial(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?edit=group-200&fill=blur&expectation=fall").text

    assert re.search(r'href="/login\?next=[^"]*edit%3Dgroup-200[^"]*">Sign in</a> to say', page)


def test_a_dimension_s_counterfactual_stands_beside_other_dimensions(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?edit=dimension-1&expectation=fall").text

    assert "dimension 1 set to zero" in page
    assert page.count('class="control"') == 3
    assert "3 control dimensions" in page
    assert "Significant: −1.10 lies outside the 95% prediction interval" in page
    assert "/counterfactuals/2/2.jpg" not in page, "the image is as it was"


def test_where_too_few_dimensions_move_nothing_is_called_evidence(visitor: Reader) -> None:
    page = visitor.get("/c/faces/images/2?edit=dimension-2&expectation=stay").text

    assert "Too few controls for a test: 1 control dimension." in page
    assert "ignificant" not in page


def test_a_dimension_can_be_set_to_the_mean_of_a_cell(
    visitor: Reader, ada: Reader, book: FakeWorkbench
) -> None:
    edit = "edit=dimension-1&to=cell-12&expectation=fall"
    page = visitor.get(f"/c/faces/images/2?{edit}&a=12&b=13&cell=11").text

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

    noted(ada, edit="dimension-1", to="own")

    assert [note.edit_label for _owner, note in book.notes.values()] == ["dimension 1 set to own"]


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
        ("edit=dimension-1&expectation=hope", 422),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused(visitor: Reader, query: str, status: int) -> None:
    asked = f"/c/faces/images/2?{query}&expectation=fall"

    assert visitor.get(asked).status_code == status


def test_without_the_encoder_the_image_stands_and_says_what_is_missing(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.encoder_missing = True

    answer = visitor.get("/c/faces/images/2?edit=group-200&expectation=rise")

    assert answer.status_code == 200
    assert "The encoder of version 2 cannot be had." in answer.text
    assert "By dimension" in answer.text
    assert checked(answer.text) == ["rise"], "nothing was shown: what was expected still stands"


def test_a_note_is_saved_with_its_expectation(ada: Reader, book: FakeWorkbench) -> None:
    noted(ada, bound="0.5")

    page = ada.get("/c/faces/images/2").text
    assert "Note saved." in page
    assert WORDS in page
    assert "expected to fall below 0.5: <b" in page
    assert [note.expectation for _owner, note in book.notes.values()] == ["fall"]


def test_a_note_without_words_or_without_an_expectation_of_ones_own_is_refused(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    run_edit(ada)
    [written] = book.expectations

    for reader, fields, status in (
        (ada, {"text": WORDS}, 422),
        (ada, {"expected": str(written), "text": " "}, 422),
        (ada, {"expected": str(written), "text": "x" * 10_000}, 422),
        (ben, {"expected": str(written), "text": WORDS}, 404),
        (ada, {"expected": "999", "text": WORDS}, 404),
    ):
        assert reader.post("/c/faces/images/2/notes", **fields).status_code == status
    assert not book.notes


def test_a_note_can_be_taken_back(ada: Reader, book: FakeWorkbench) -> None:
    noted(ada)

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
