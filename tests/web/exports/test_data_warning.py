"""What makes figures doubtful leaves with them: in reports, and in the head of every picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.web.addresses import PICTURES
from tests.web.conftest import Reader
from tests.web.exports.taking import SVG, drawing
from tests.web.fakes.data import FACES
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.hygiene.warnings import DataWarning, warning_words

SHORTCUT = DataWarning("shortcut", "size", {"auc": 0.978})
LEAKAGE = DataWarning("duplicates_across_split", "", {"images": 12, "groups": 6})


@pytest.fixture
def said(book: FakeWorkbench) -> str:
    """The sentence on a collection with a shortcut and leakage."""
    book.collections[0] = replace(FACES, warnings=(SHORTCUT, LEAKAGE))
    words = warning_words((SHORTCUT, LEAKAGE), 2)
    assert "image size (AUC 0.98); 12 duplicates lie in training and test split." in words
    return words


@pytest.mark.parametrize("report", ["32/report.html", "report.html"])
def test_a_report_says_what_is_doubtful_above_its_figures(
    visitor: Reader, said: str, report: str
) -> None:
    page = visitor.get(f"/c/faces/patterns/{report}").text

    assert page.count(said) == 1
    assert page.index(said) < page.index("<h1")


@pytest.mark.parametrize("view", PICTURES)
def test_a_picture_says_so_in_its_head_and_has_room_for_it(
    visitor: Reader, book: FakeWorkbench, said: str, view: str
) -> None:
    root = drawing(visitor, view)
    heads = [each for each in root.iter(f"{SVG}text") if each.get("class") == "facts"]
    assert said in " ".join(each.text or "" for each in heads)

    book.collections[0] = FACES
    without = drawing(visitor, view)

    assert float(root.get("height", 0)) > float(without.get("height", 0))


def test_every_version_on_the_models_page_has_the_warnings_of_its_own_time(
    visitor: Reader, book: FakeWorkbench
) -> None:
    mended = replace(LEAKAGE, through=1)
    book.collections[0] = replace(FACES, warnings=(mended,))

    page = visitor.get("/c/faces/models").text

    assert page.count("12 duplicates lie in training and test split (until v1; retrain)") == 1


def test_shortcuts_that_were_mended_together_are_told_together(
    visitor: Reader, book: FakeWorkbench
) -> None:
    mended = tuple(
        DataWarning("shortcut", name, {"auc": auc}, through=2)
        for name, auc in (("size", 0.97), ("aspect", 0.86))
    )
    book.collections[0] = replace(FACES, warnings=mended)

    page = visitor.get("/c/faces/").text

    assert "by image size (AUC 0.97), aspect ratio (AUC 0.86) (until v2; retrain)." in page
    assert page.count("the label is predicted without looking") == 1
