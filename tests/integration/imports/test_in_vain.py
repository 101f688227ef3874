"""Imports of nothing, and collections whose names cannot stand in an address."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.support.pictures import draw_collection
from workbench.config import Settings
from workbench.services.errors import InvalidError
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.store.database import session
from workbench.store.images import Collection, Image, ImportRejection, ImportRun


def imported(source: Path, settings: Settings, name: str = "few") -> ImportReport:
    return import_images(source, collection=name, settings=settings, progress=Silent())


def counted() -> tuple[int, ...]:
    session().rollback()
    return tuple(
        session().scalar(select(func.count()).select_from(table)) or 0
        for table in (Collection, ImportRun, ImportRejection, Image)
    )


def manifest(folder: Path, *rows: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text("\n".join(["path,label", *rows]))
    return path


def test_a_manifest_of_which_every_row_is_refused_leaves_no_collection(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    rows = ["nowhere.png,real", "elsewhere.png,fake"]

    report = imported(manifest(tmp_path, *rows), settings)

    assert report.is_in_vain
    assert (report.seen, report.rejected) == (2, 2)
    assert report.rejections[0] == ("nowhere.png", "file not found")
    assert counted() == (0, 0, 0, 0)


def test_labels_that_are_unknown_leave_no_collection(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    pictures = draw_collection(tmp_path, 1)
    rows = [f"{each},1" for each in sorted(pictures.rglob("*.png"))]

    with pytest.raises(InvalidError, match="--label 1=fake"):
        imported(manifest(tmp_path, *rows), settings)

    assert counted() == (0, 0, 0, 0)


def test_an_import_in_vain_leaves_the_collection_that_was_there(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    imported(draw_collection(tmp_path / "few", 1), settings)

    report = imported(manifest(tmp_path, "nowhere.png,real"), settings)

    assert report.is_in_vain
    assert counted() == (1, 2, 1, 2)


def test_a_source_that_is_imported_already_is_not_in_vain(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    source = draw_collection(tmp_path / "few", 1)
    imported(source, settings)

    assert not imported(source, settings).is_in_vain


def test_an_interrupted_import_of_nothing_yet_leaves_no_collection(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    class Interrupting:
        def advance(self, done: int, total: int, stage: str) -> None:
            raise KeyboardInterrupt

    path = manifest(tmp_path, *["nowhere.png,real"] * 40)
    with pytest.raises(KeyboardInterrupt):
        import_images(path, collection="few", settings=settings, progress=Interrupting())

    assert counted() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "name",
    ["a/b", "/", ".", "..", "", " ", "a\nb", "a\x00b", "a\x7fb", "a\x85b", "a\udc80b", "x" * 81],
)
def test_a_name_that_cannot_stand_in_an_address_is_refused(
    tables: Flask, settings: Settings, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InvalidError, match="a collection name"):
        imported(draw_collection(tmp_path / "few", 1), settings, name)

    assert counted() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "name",
    ["faces", "a b", "50%", "a%2Fb", "a?b", "a#b", "a\\b", "...", "Ärger", "a&b;c=d"],
)
def test_every_name_that_is_taken_has_a_page(
    tables: Flask, settings: Settings, client: FlaskClient, tmp_path: Path, name: str
) -> None:
    tables.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    imported(draw_collection(tmp_path / "few", 1), settings, name)
    with tables.test_request_context():
        address = tables.url_for("explore.show", name=name)

    assert client.get(address).status_code == 200
