"""The data page: findings, what can be done about them, and by whom."""

from __future__ import annotations

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench

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
