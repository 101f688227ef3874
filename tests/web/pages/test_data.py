"""The data page: findings, what can be done about them, and by whom."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.hygiene.findings import Finding

KEY = "duplicates_across_split"


def test_a_finding_stands_with_its_size_and_its_images(visitor: Reader) -> None:
    page = visitor.get("/c/faces/data").text

    assert "Duplicates across training and test split (leakage)" in page
    assert "2 images in 1 group of duplicates" in page
    assert page.count("<img ") == 2
    assert re.findall(r'<span class="small">([^<]*)</span>', page) == ["real", "real"]


def test_a_collection_that_was_not_checked_says_how(visitor: Reader) -> None:
    assert "manage.py check --collection raw" in visitor.get("/c/raw/data").text


def test_a_developer_acts_on_a_finding_and_undoes_it(ada: Reader, book: FakeWorkbench) -> None:
    page = ada.post("/c/faces/data/one-group", finding=KEY)

    assert page.status_code == 303
    assert [each.kind for each in book.data_actions] == ["one_group"]
    assert book.checked == 1, "the page shows what is left"
    listed = ada.get("/c/faces/data").text
    assert "Regrouped 2 images: Duplicates across training and test split" in listed
    assert "Done for 2 images." in listed

    ada.post(f"/c/faces/data/actions/{book.data_actions[0].id}/undo")

    assert book.data_actions == []
    assert book.checked == 2


def test_a_developer_checks_again(ada: Reader, book: FakeWorkbench) -> None:
    assert ada.post("/c/faces/data/check").status_code == 303
    assert book.checked == 1


def test_nobody_else_acts(ben: Reader, visitor: Reader, book: FakeWorkbench) -> None:
    assert ben.post("/c/faces/data/leave-out", finding=KEY).status_code == 403
    assert visitor.post("/c/faces/data/check").status_code == 303

    assert book.data_actions == []
    assert book.checked == 0
    assert '<button class="button small"' not in ben.get("/c/faces/data").text


SIZE = Finding(
    kind="shortcut",
    severity="warning",
    figures={
        "auc": 0.98,
        "low": 0.95,
        "high": 1.0,
        "images": 4,
        "bound": 0.6,
        "unmatched": 0,
        "made_alike": False,
    },
    subject="size",
)


def test_images_are_made_alike_with_one_click_and_back(ada: Reader, book: FakeWorkbench) -> None:
    book.findings = [SIZE]
    assert "Make all images alike" in ada.get("/c/faces/data").text

    ada.post("/c/faces/data/make-alike", finding=SIZE.key)

    page = ada.get("/c/faces/data").text
    assert "Made 4 images alike" in page
    assert "at most 256 px, saved as JPEG of quality 75, 4:2:0. 3 copies are still" in page

    ada.post(f"/c/faces/data/actions/{book.data_actions[0].id}/undo")

    assert "256 px" not in ada.get("/c/faces/data").text


@pytest.mark.parametrize("changed", [{"made_alike": True}, {"subject": "borders"}])
def test_the_remedy_is_offered_where_it_helps(
    ada: Reader, book: FakeWorkbench, changed: dict[str, Any]
) -> None:
    subject = changed.pop("subject", SIZE.subject)
    book.findings = [replace(SIZE, subject=subject, figures=SIZE.figures | changed)]

    assert "Make all images alike" not in ada.get("/c/faces/data").text


def test_a_slice_by_property_leads_to_its_images(visitor: Reader, book: FakeWorkbench) -> None:
    figures = {
        "images": 40,
        "errors": 20,
        "rate": 0.5,
        "low": 0.4,
        "high": 0.6,
        "rest": 0.1,
        "p": 0.001,
        "looked_at": 12,
    }
    book.findings = [Finding("slice", "note", figures, subject="property=sharpness,,-1.5")]

    page = visitor.get("/c/faces/data").text

    assert "The model is worse on: images with a sharpness of −1.5 or less" in page
    address = "/c/faces/?property=sharpness%2C%2C-1.5&amp;outcome=misclassified"
    assert f'href="{address}"' in page
    shown = visitor.get(address.replace("&amp;", "&")).text
    assert "sharpness ≤ -1.5" in shown


def test_the_page_shows_what_the_collection_covers_by_generator_and_year(visitor: Reader) -> None:
    page = visitor.get("/c/faces/data").text
    coverage = page[page.index('id="coverage"') :]

    assert '<th scope="row">flux &lt;b&gt;</th><td class="numeric">0</td>' in coverage
    assert (
        '<th scope="row">2012</th><td class="numeric">1</td><td class="numeric">0</td>' in coverage
    )
    assert '<th scope="row">no date</th><td class="numeric">1</td>' in coverage
    assert "Class" not in coverage, "none is named"
    assert "unlabelled" not in coverage, "all images have a label"


ERRORS = Finding(
    "label_errors",
    "note",
    {
        "images": 9,
        "share": 0.138462,
        "labelled_real": 4,
        "labelled_fake": 5,
        "version": 1,
        "detector": "",
    },
    tuple((each,) for each in (1, 2, 3, 4, 5, 6, 1, 2, 3)),
)


def test_label_errors_and_slices_name_the_version_whose_scores_tell_them(
    ada: Reader, book: FakeWorkbench
) -> None:
    book.findings = [ERRORS]
    assert '<option value="2" selected>v2, active</option>' in ada.get("/c/faces/data").text

    assert ada.post("/c/faces/data/check", version="1").status_code == 303

    assert book.checked_by == 1
    page = ada.get("/c/faces/data").text
    assert "9 images, 13.8% of those scored: 4 labelled real, 5 labelled fake." in page
    assert "Heads of v1 that were not trained on them are as sure" in page
    assert 'href="/c/faces/images/3?version=1"' in page, "its score there is the one that was meant"
    ada.post("/c/faces/data/leave-out", finding=KEY)
    assert book.checked_by == 1, "the page shows what is left of the same"


def test_scores_of_another_detector_are_not_said_to_come_from_heads_of_ours(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.findings = [replace(ERRORS, figures=ERRORS.figures | {"detector": "UnivFD"})]

    page = visitor.get("/c/faces/data").text

    assert "The scores of UnivFD (v1) are as sure of the other label" in page
    assert "Heads" not in page
    assert "told by the scores of v2" in page


def test_all_images_of_a_finding_are_shown_where_somebody_asks(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.findings = [ERRORS]
    page = visitor.get("/c/faces/data").text
    assert "The first 8 of 9." in page
    assert page.count("<img ") == 2 + 8

    whole = visitor.get("/c/faces/data?finding=label_errors").text

    assert 'href="/c/faces/data?finding=label_errors#finding-2">Show all</a>' in page
    assert whole.count("<img ") == 2 + 9
    assert "The first" not in whole


def test_generators_with_few_images_stand_in_one_sentence(
    visitor: Reader, book: FakeWorkbench
) -> None:
    book.findings = [
        Finding("few_images", "note", {"images": images, "few": 50}, subject=name)
        for name, images in (("flux", 26), ("sdxl", 31))
    ]

    page = visitor.get("/c/faces/data").text

    assert page.count("Few images of a generator") == 1
    assert "too few to measure an error rate closely: flux (26), sdxl (31)." in page
