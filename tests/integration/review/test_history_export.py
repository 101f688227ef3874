"""Histories to take away: every event, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json

from flask import Flask
from sqlalchemy import select

from tests.support.rows import fill_every_table
from workbench.services.review import history_export
from workbench.services.review.history import Asked
from workbench.services.review.history_export import COLUMNS
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Tag
from workbench.store.people import User

FORMULA = '=HYPERLINK("http://x","y")'
RIGHT_TO_LEFT = "\u05e9\u05e4\u05d4 <b>"


def test_a_csv_has_a_header_and_no_formulas(tables: Flask) -> None:
    fill_every_table()
    session().scalars(select(Image)).one().name = FORMULA
    session().scalars(select(Tag)).one().name = "-1+1"
    session().scalars(select(User)).one().name = "@ada"
    session().commit()

    text = "".join(history_export.lines(Asked(), "csv"))

    header, *rows = csv.reader(io.StringIO(text))
    assert tuple(header) == COLUMNS
    assert rows
    cells = [cell for row in rows for cell in row if cell]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert f"'{FORMULA}" in cells
    assert "'@ada" in cells


def test_json_lines_keep_texts_as_they_are(tables: Flask) -> None:
    fill_every_table()
    session().scalars(select(Image)).one().name = RIGHT_TO_LEFT
    session().commit()

    read = [json.loads(each) for each in history_export.lines(Asked(kind="verdict"), "jsonl")]

    assert [each["image"] for each in read] == [RIGHT_TO_LEFT]
    assert read[0]["after"]["decision"] == "real"
    assert set(read[0]) == set(COLUMNS)
