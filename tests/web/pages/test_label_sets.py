"""The pages of label sets: listed, made, shown, compared."""

from __future__ import annotations

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench

PAGE = "/c/faces/label-sets"


def test_they_are_listed_with_their_labels(ada: Reader) -> None:
    page = ada.get(PAGE).text

    assert "after the second &lt;b&gt;" in page
    assert "by ben &lt;i&gt;" in page
    assert 'excluded <b class="number">1</b>' in page
    assert f'href="{PAGE}/2/changes?since=1">what changed since set 1</a>' in page


def test_one_is_made_and_shown(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post(PAGE, name=" third ", description="so")

    assert (answer.status_code, answer.location) == (303, f"{PAGE}/2")
    assert book.label_sets_made == [(1, "third", "so")]
    assert "Label set 2 is ready." in ada.get(answer.location).text


def test_annotators_find_none(ben: Reader, book: FakeWorkbench) -> None:
    assert ben.get(PAGE).status_code == 403
    assert ben.get(f"{PAGE}/2").status_code == 403
    assert ben.post(PAGE, name="third").status_code == 403
    assert book.untouched
    assert "Label sets" not in ben.get("/c/faces/dashboard").text


def test_one_tells_counts_rules_tags_and_what_was_taken_down(ada: Reader) -> None:
    page = ada.get(f"{PAGE}/2").text

    assert "2 · after the second &lt;b&gt;" in page
    assert "after event 1,234 of the audit log" in page
    assert "1 image of it were taken down since" in page
    assert "verdicts that disagree: as imported" in page
    assert '<dt dir="auto">fake smile &lt;b&gt;</dt>' in page
    assert 'href="/c/faces/images/3"' in page


def test_its_images_are_shown_by_label(ada: Reader) -> None:
    page = ada.get(f"{PAGE}/2?label=fake").text

    assert 'href="/c/faces/images/2"' in page
    assert 'href="/c/faces/images/1"' not in page
    assert 'label=fake&amp;after=3">Next page</a>' in page
    assert ada.get(f"{PAGE}/2?label=blue").status_code == 422


def test_two_tell_what_changed_with_pictures(ada: Reader) -> None:
    page = ada.get(f"{PAGE}/2/changes?since=1").text

    assert 'real → fake <b class="number">70</b>' in page
    assert "The first 1 are shown." in page
    assert "Tags gained" in page
    assert "Tags lost" not in page
    assert 'href="/c/faces/images/4"' in page
    assert "Nothing changed" in ada.get(f"{PAGE}/2/changes?since=2").text


def test_one_that_is_not_there_is_not_found(ada: Reader) -> None:
    assert ada.get(f"{PAGE}/3").status_code == 404
    assert ada.get(f"{PAGE}/2/changes").status_code == 404
    assert ada.get("/c/raw/label-sets/1").status_code == 404
