"""Imports from the browser: what is offered, what a dry run and a report say, and to whom."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.intake import REFUSAL, REPORT, job
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.html import Page
from workbench.services.imports.changes import Change
from workbench.services.intake.options import FormOptions


def upload_address(reader: Reader) -> str:
    forms = Page(reader.get("/imports").text).forms
    [found] = [each for each in forms if each.get("enctype") == "multipart/form-data"]
    return str(found["action"])


def test_a_developer_chooses_a_folder_below_the_import_root(
    ada: Reader, book: FakeWorkbench
) -> None:
    page = ada.get("/imports?folder=set").text
    assert "set &lt;b&gt;/" in page
    assert '<a href="/imports">import root</a>' in page

    answer = ada.post("/imports/folder", folder="set", collection="faces")

    made = max(book.imports)
    assert (answer.status_code, answer.location) == (303, f"/imports/{made}")
    assert (book.imports[made].collection, book.imports[made].shown) == ("faces", "set")


def test_without_an_import_root_the_page_says_how_to_set_one(
    ada: Reader, book: FakeWorkbench
) -> None:
    book.import_root = False

    page = ada.get("/imports").text

    assert "WORKBENCH_IMPORT_ROOT=" in page
    assert "Choose this folder" not in page


def test_a_folder_outside_is_not_found(ada: Reader) -> None:
    assert ada.get("/imports?folder=out").status_code == 404


def test_a_developer_uploads_files(ada: Reader, book: FakeWorkbench) -> None:
    files = [(io.BytesIO(b"12"), "real/a.png"), (io.BytesIO(b"3"), "b.png")]

    answer = ada.post(upload_address(ada), collection="faces", files=files)

    assert answer.status_code == 303
    assert book.received == [("real/a.png", b"12"), ("b.png", b"3")]


def test_an_upload_may_be_larger_than_any_other_form(ada: Reader, book: FakeWorkbench) -> None:
    content = bytes(300_000)
    file = (io.BytesIO(content), "set.zip")

    assert ada.post(upload_address(ada), collection="faces", files=file).status_code == 303

    assert book.received == [("set.zip", content)]
    other = (io.BytesIO(content), "set.zip")
    assert ada.post("/imports/folder", collection="faces", files=other).status_code == 413
    forged = (io.BytesIO(content), "set.zip")
    assert ada.post("/imports/upload/made-up", collection="faces", files=forged).status_code == 413


def test_an_upload_with_an_old_address_is_refused_in_words(
    ada: Reader, book: FakeWorkbench
) -> None:
    file = (io.BytesIO(b"12"), "set.zip")

    answer = ada.post("/imports/upload/made-up", collection="faces", files=file)

    assert answer.status_code == 422
    assert "This page was loaded too long ago." in answer.text
    assert book.received == []


def test_a_dry_run_counts_shows_and_says_why(ada: Reader) -> None:
    page = ada.get("/imports/40").text

    for said in (
        "<b>6 images</b> into the existing collection",
        "the collection has 4 already, 0 moved, 1 changed",
        "flux &lt;b&gt;",
        "drawn by source group",
        "not in a folder named real or fake",
        "stray.png, other.png",
        "fake/b.png: label real → fake; decided to be real, which stays",
        "Accept changes of images that were imported earlier",
    ):
        assert said in page, said
    assert "<option>list.csv</option>" in page


def test_a_dry_run_says_how_many_images_the_source_dates(ada: Reader) -> None:
    page = ada.get("/imports/40").text

    assert "The source gives a date for 3 of 6 images" in page
    assert "Not understood, and left open: “spring &lt;b&gt;” (2)." in page


def test_a_report_from_before_dates_were_kept_says_nothing_of_them(
    ada: Reader, book: FakeWorkbench
) -> None:
    report = {name: each for name, each in REPORT.items() if name != "dated"}
    book.imports[43] = replace(book.imports[43], report=report)

    assert "A date is known" not in ada.get("/imports/43").text


def test_a_refusal_comes_with_its_options_in_the_form(ada: Reader) -> None:
    page = ada.get("/imports/41").text

    assert REFUSAL in page
    assert ">path=Name</textarea>" in page
    assert 'action="/imports/41/start"' not in page, "there is nothing to start"


def test_options_are_read_as_they_are_typed_or_pasted(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post(
        "/imports/40/options",
        labels='--label 0=real\r\n "my fakes=fake" \r\n\r\n',
        columns="path=Name",
        generator=" flux ",
        table="list.csv",
        title="Faces",
        draw_split="on",
    )

    assert answer.status_code == 303
    assert book.imports[40].options == FormOptions(
        labels=("0=real", "my fakes=fake"),
        columns=("path=Name",),
        generator="flux",
        table="list.csv",
        title="Faces",
        draw_split=True,
    )


def test_an_import_is_started_once_and_watched(ada: Reader, book: FakeWorkbench) -> None:
    assert ada.post("/imports/40/start").status_code == 303
    assert book.imports[40].state == "queued"
    assert ada.post("/imports/40/start").status_code == 409
    page = ada.get("/imports/42").text
    assert 'hx-get="/imports/42/progress"' in page
    assert "62 of 100, 31.0 per second" in page
    assert '<noscript><a class="button" href="/imports/42">Refresh</a></noscript>' in page


def test_progress_is_a_fragment_that_ends_with_the_import(ada: Reader, book: FakeWorkbench) -> None:
    asked = {"HX-Request": "true"}
    running = ada.get("/imports/42/progress", headers=asked)
    assert "HX-Refresh" not in running.headers
    assert "<html" not in running.text
    book.imports[42] = job("succeeded", id=42)
    assert ada.get("/imports/42/progress", headers=asked).headers["HX-Refresh"] == "true"
    assert ada.get("/imports/42/progress").location == "/imports/42"


def test_an_import_is_cancelled_and_a_draft_discarded(ada: Reader, book: FakeWorkbench) -> None:
    assert ada.post("/imports/42/cancel").location == "/imports/42"
    assert book.imports[42].cancel_requested
    assert ada.post("/imports/40/cancel").location == "/imports"
    assert 40 not in book.imports


def test_a_report_says_what_became_of_everything(ada: Reader) -> None:
    page = ada.get("/imports/43").text

    for said in (
        "<b>2 images imported</b>",
        "4 already imported, 0 restored, 1 moved, 1 changed, 0 duplicates, 1 not imported.",
        "4 real, 3 fake and 0 unlabelled images, 2 of them in the test split",
        "Near duplicates, in one group with the image that they nearly are: 1.",
        "A date is known of 5 images.",
        "<b>bad &lt;i&gt;.png</b> empty file",
        "<b>tiny.png</b> a shorter side below 16 px",
        "Not made. To accept them, import the same again and choose to accept changes.",
    ):
        assert said in page, said


def test_a_changed_group_says_what_it_means_and_why_it_was_not_accepted(
    ada: Reader, book: FakeWorkbench
) -> None:
    change = Change("a.png", "group", "one", "two", hindrance="it is on the other side")
    report = {**REPORT, "changes": [change.as_json()]}
    book.imports[43] = replace(book.imports[43], report=report)

    page = ada.get("/imports/43").text

    assert "a.png: group one → two; not accepted: it is on the other side" in page
    assert "an image of which the group changes keeps its side." in page
    assert "keeps its side" not in ada.get("/imports/40").text, "no group changes there"


def test_an_import_that_failed_says_why(ada: Reader) -> None:
    assert "The disk is full." in ada.get("/imports/44").text
    assert "stay in the collection" in ada.get("/imports/45").text


@pytest.mark.parametrize("address", ["/imports", "/imports/40", "/imports/42/progress"])
def test_only_developers_see_imports(ben: Reader, visitor: Reader, address: str) -> None:
    assert ben.get(address).status_code == 403
    assert visitor.get(address).status_code == 303
    assert "Import images" not in ben.get("/").text


@pytest.mark.parametrize("step", ["folder", "40/options", "40/start", "40/cancel"])
def test_only_developers_import(
    ben: Reader, visitor: Reader, book: FakeWorkbench, step: str
) -> None:
    before = dict(book.imports)
    fields = {"collection": "faces", "folder": "set"}
    assert ben.post(f"/imports/{step}", **fields).status_code == 403
    assert visitor.post(f"/imports/{step}", **fields).location.startswith("/login")
    assert book.imports == before


def test_nobody_else_uploads_with_an_address_of_a_developer(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    address = upload_address(ada)
    file = (io.BytesIO(b"12"), "a.png")
    assert ben.post(address, collection="faces", files=file).status_code == 403
    assert book.received == []


@pytest.mark.parametrize("step", ["folder", "40/start", "40/cancel"])
def test_a_form_without_a_token_is_refused(ada: Reader, book: FakeWorkbench, step: str) -> None:
    before = dict(book.imports)
    assert ada.client.post(f"/imports/{step}", data={"collection": "x"}).status_code == 400
    assert book.imports == before
