"""Published layouts in the database: class and split are kept, and a second import knows it all."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import select

from tests.support.layouts import forensynths, shards
from workbench.config import Settings
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.store.database import session
from workbench.store.image_files import is_whole, normalised_path
from workbench.store.images import Image


def imported(source: Path, settings: Settings) -> ImportReport:
    return import_images(source, collection="few", settings=settings, progress=Silent())


def test_the_class_of_an_image_is_kept(tables: Flask, settings: Settings, tmp_path: Path) -> None:
    imported(forensynths(tmp_path / "set"), settings)

    rows = session().execute(select(Image.label, Image.generator, Image.class_name)).tuples()
    assert set(rows) == {
        ("real", "", ""),
        ("fake", "crn", ""),
        ("real", "", "airplane"),
        ("fake", "progan", "airplane"),
        ("real", "", "train"),
        ("fake", "progan", "train"),
    }


def test_images_within_parquet_are_imported_once_and_restored(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    source = shards(tmp_path / "set")

    report = imported(source, settings)

    assert (report.imported, report.real, report.fake, report.held_out) == (12, 6, 6, 4)
    images = session().scalars(select(Image).order_by(Image.id)).all()
    shard = source / "data" / "test-00000-of-00001.parquet"
    assert images[1].original_uri == f"file://{shard}#1"
    assert images[1].name == "test-00000-of-00001-1.png"
    assert (images[1].held_out, images[1].label) == (True, "fake")
    again = imported(source, settings)
    assert (again.already, again.imported) == (12, 0)

    lost = images[1].pixel_hash
    normalised_path(settings.image_dir, lost).unlink()
    assert imported(source, settings).restored == 1
    assert is_whole(settings.image_dir, lost)


def test_a_shard_written_anew_has_the_same_images(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    source = shards(tmp_path / "set")
    imported(source, settings)
    for shard in source.rglob("*.parquet"):
        shard.touch()

    assert imported(source, settings).already == 12
    assert imported(source, settings).already == 12
