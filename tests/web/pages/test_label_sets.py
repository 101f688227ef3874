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
    assert "Taken down since, and in no export: 1 image." in page
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


def test_its_exports_are_told_of(ada: Reader) -> None:
    page = ada.get(f"{PAGE}/2").text

    assert 'href="/c/faces/exports/8/file">Download</a>' in page
    assert "1.2 MB" in page
    assert 'hx-get="/c/faces/exports/9"' in page
    assert "No space left on device." in page
    assert "by ben &lt;i&gt;" in page


def test_an_export_is_asked_for_and_cancelled(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post(f"{PAGE}/2/exports", format="coco")
    stopped = ada.post("/c/faces/exports/9/cancel")

    assert [each.status_code for each in (answer, stopped)] == [303, 303]
    assert {each.location for each in (answer, stopped)} == {f"{PAGE}/2"}
    assert book.exports_asked == [(72, "coco"), (9, "cancel")]
    assert ada.post(f"{PAGE}/2/exports", format="xml").status_code == 422


def test_a_page_that_watches_loads_itself_again_at_the_end(ada: Reader) -> None:
    watching = {"headers": {"HX-Request": "true"}}

    assert "HX-Refresh" not in ada.get("/c/faces/exports/9", **watching).headers
    assert ada.get("/c/faces/exports/8", **watching).headers["HX-Refresh"] == "true"
    assert ada.get("/c/faces/exports/8").location == f"{PAGE}/2"
    assert ada.get("/c/faces/exports/1").status_code == 404


def test_a_file_is_downloaded_by_who_may(ada: Reader, ben: Reader) -> None:
    answer = ada.get("/c/faces/exports/8/file")

    assert (answer.status_code, answer.data) == (200, b"{}")
    assert "filename=faces-labels-2.coco.json" in answer.headers["Content-Disposition"]
    assert ada.get("/c/faces/exports/9/file").status_code == 404
    assert ben.get("/c/faces/exports/8/file").status_code == 403


def test_a_small_set_is_written_at_once(ada: Reader) -> None:
    answer = ada.get(f"{PAGE}/2/labels.parquet")

    assert answer.data == b"72 parquet"
    assert "filename=faces-labels-2.parquet" in answer.headers["Content-Disposition"]
    assert ada.get(f"{PAGE}/2/labels.xml").status_code == 404
