"""Images are dated by their source, else by their EXIF, and never by when a file was copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.layouts import picture, picture_with_exif
from tests.support.photographs import put
from workbench.config import Settings
from workbench.services.imports.changes import Acceptance
from workbench.services.imports.preview import preview_import
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.services.sources.options import SourceOptions
from workbench.store.database import session, transaction
from workbench.store.images import Image

TAKEN = {0x9003: "2012:05:04 12:30:00"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A photograph that says when it was taken, and two pictures that do not."""
    put(tmp_path / "real" / "taken.jpg", picture_with_exif(TAKEN))
    put(tmp_path / "real" / "plain.png", picture())
    put(tmp_path / "fake" / "made.png", picture())
    return tmp_path


def imported(source: Path, settings: Settings, **options: Any) -> ImportReport:
    return import_images(source, collection="few", settings=settings, progress=Silent(), **options)


def dates() -> dict[str, str | None]:
    session().rollback()
    return dict(session().execute(select(Image.name, Image.date)).tuples().all())


def test_a_folder_s_images_are_dated_by_their_exif(
    tables: Flask, settings: Settings, folder: Path
) -> None:
    preview = preview_import(folder, collection="few", settings=settings)
    report = imported(folder, settings)

    assert dates() == {"taken.jpg": "2012-05-04", "plain.png": None, "made.png": None}
    assert (preview.dated, report.dated) == (0, 1)


def test_a_scan_is_dated_by_when_it_was_digitized_where_the_camera_s_clock_said_nothing(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    tags = {0x9003: "0000:00:00 00:00:00", 0x9004: "2012:05:04 12:30:00"}
    put(tmp_path / "real" / "scan.jpg", picture_with_exif(tags))

    imported(tmp_path, settings)

    assert dates() == {"scan.jpg": "2012-05-04"}


def test_a_table_s_date_stands_before_that_of_the_file_and_what_it_leaves_open_is_read_there(
    tables: Flask, settings: Settings, folder: Path
) -> None:
    put(folder / "real" / "other.jpg", picture_with_exif(TAKEN))
    table = folder / "list.csv"
    table.write_text(
        "path,label,date\nreal/taken.jpg,real,1999\nreal/other.jpg,real,\n"
        "real/plain.png,real,2003-02-01T10:00:00Z\nfake/made.png,fake,03/2024\n"
    )

    preview = preview_import(table, collection="few", settings=settings)
    report = imported(table, settings)

    assert dates() == {
        "taken.jpg": "1999",
        "other.jpg": "2012-05-04",
        "plain.png": "2003-02-01",
        "made.png": None,
    }
    assert (preview.dated, preview.unread_dates) == (2, {"03/2024": 1})
    assert (report.dated, report.rejected) == (3, 0)
    assert report.notes == (("fake/made.png", "its source gives a date that cannot be read"),)


def test_a_date_that_cannot_be_read_leaves_that_of_the_file(
    tables: Flask, settings: Settings, folder: Path
) -> None:
    table = folder / "list.csv"
    table.write_text("path,label,date\nreal/taken.jpg,real,in spring\n")

    report = imported(table, settings)

    assert dates() == {"taken.jpg": "2012-05-04"}
    assert [name for name, _note in report.notes] == ["real/taken.jpg"]


def test_a_column_of_another_name_is_taken_for_the_date_where_it_is_said_so(
    tables: Flask, settings: Settings, folder: Path
) -> None:
    table = folder / "list.csv"
    table.write_text("path,label,made\nfake/made.png,fake,1714824000\n")

    imported(table, settings, options=SourceOptions(columns={"date": "made"}))

    assert dates() == {"made.png": "2024-05-04"}


def test_images_within_parquet_are_dated_by_its_column(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    rows = [
        {"image": {"bytes": picture(), "path": "a.png"}, "label": "fake", "year": 2024},
        {"image": {"bytes": picture_with_exif(TAKEN), "path": "b.jpg"}, "label": "real"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "train.parquet")

    imported(tmp_path / "train.parquet", settings)

    assert dates() == {"a.png": "2024", "b.jpg": "2012-05-04"}


def test_images_from_before_dates_were_kept_stay_without_and_are_not_read_again(
    tables: Flask, settings: Settings, folder: Path
) -> None:
    imported(folder, settings)
    with transaction() as write:
        write.execute(update(Image).values(date=None))

    report = imported(folder, settings)

    assert (report.already, report.changes, report.dated) == (3, (), 0)
    assert set(dates().values()) == {None}


def test_a_table_that_says_another_date_is_a_change_to_accept(
    tables: Flask, settings: Settings, folder: Path
) -> None:
    imported(folder, settings)
    table = folder / "list.csv"
    table.write_text(
        "path,label,date\nreal/taken.jpg,real,2012\nreal/plain.png,real,odd\n"
        "fake/made.png,fake,2024\n"
    )

    preview = preview_import(table, collection="few", settings=settings, begun=True)
    report = imported(table, settings)

    changes = [("fake/made.png", "date", "", "2024")]
    for found in (preview.changes, report.changes):
        assert [(each.name, each.what, each.old, each.new) for each in found] == changes
    assert report.changes[0].words == "fake/made.png: date none → 2024"
    assert dates()["made.png"] is None

    imported(table, settings, by=Acceptance(accepted=True))

    assert dates()["made.png"] == "2024"
    assert (dates()["taken.jpg"], dates()["plain.png"]) == ("2012-05-04", None)
    assert imported(table, settings).already == 3
