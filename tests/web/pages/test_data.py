"""The data page: findings, what can be done about them, and by whom."""

from __future__ import annotations

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
    assert "2 images in 1 groups of duplicates" in page
    assert page.count("<img ") == 2


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

    assert "The model is worse on: soft images, sharpness -1.5 or less" in page
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
