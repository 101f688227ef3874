"""The page of imports of labels: checked, imported, undone."""

from __future__ import annotations

import io
import re
from typing import Any

from werkzeug.test import TestResponse

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench

PAGE = "/c/faces/label-imports"


def send(reader: Reader, text: str, **fields: Any) -> TestResponse:
    found = re.search(r'action="(/imports/labels/[^"]+)"', reader.get(PAGE).text)
    assert found
    file = (io.BytesIO(text.encode()), "labels.csv")
    return reader.post(found[1], collection="faces", format="csv", file=file, **fields)


def test_a_file_is_checked_and_nothing_is_written(ada: Reader, book: FakeWorkbench) -> None:
    page = send(ada, "right", act="check", columns="label=said").text

    assert "Found 3 images. To write: verdicts 2, regions 4, tags on them 5, notes 1." in page
    assert "Decided otherwise here: 1 image." in page
    assert "No line is wrong." in page
    assert "label=said</textarea>" in page
    assert book.untouched


def test_it_is_imported_with_its_columns(ada: Reader, book: FakeWorkbench) -> None:
    answer = send(ada, "right", act="import", columns="label = said\r\nfile_name=path")

    assert (answer.status_code, answer.location) == (303, PAGE)
    assert book.labels_imported == [("csv", {"label": "said", "file_name": "path"})]
    assert "Imported what is said of 3 images." in ada.get(PAGE).text


def test_wrong_lines_are_listed(ada: Reader, book: FakeWorkbench) -> None:
    page = send(ada, "wrong", act="import").text

    assert "1 line is wrong. Nothing was written." in page
    assert "Unknown value “blue &lt;b&gt;”." in page
    assert book.untouched
    assert send(ada, "wrong", act="import", leave_out_wrong="1").status_code == 303


def test_one_undoes_what_one_imported(ada: Reader, book: FakeWorkbench) -> None:
    page = ada.get(PAGE).text
    assert page.count("/undo") == page.count(f"{PAGE}/5/undo") > 0
    assert "ben &lt;i&gt;" in page

    answer = ada.post(f"{PAGE}/5/undo")

    assert answer.location == PAGE
    assert book.labels_imported == [("undo", 5)]
    assert "12 decisions undone." in ada.get(PAGE).text


def test_what_is_missing_is_said(ada: Reader) -> None:
    found = re.search(r'action="(/imports/labels/[^"]+)"', ada.get(PAGE).text)
    assert found

    assert ada.post(found[1], collection="faces").status_code == 422
    assert send(ada, "right", act="check", columns="label").status_code == 422
    assert ada.post("/imports/labels/made-up", collection="faces").status_code == 422


def test_annotators_import_none(ben: Reader) -> None:
    assert ben.get(PAGE).status_code == 403
    assert ben.post("/imports/labels/x").status_code == 403
