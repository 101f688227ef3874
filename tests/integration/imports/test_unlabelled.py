"""Images without a label are imported as such, where somebody says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.pictures import draw_collection
from workbench.config import Settings
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.services.sources.labels import LabelNames
from workbench.services.sources.options import SourceOptions
from workbench.store.database import session
from workbench.store.images import Image

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def imported(source: Path, settings: Settings, *labels: str) -> ImportReport:
    options = SourceOptions(labels=LabelNames.of(labels))
    return import_images(
        source, collection="few", settings=settings, progress=Silent(), options=options
    )


def labels_by_name() -> dict[str, str | None]:
    session().rollback()
    return dict(session().execute(select(Image.name, Image.label)).tuples().all())


def with_some_loose(folder: Path) -> Path:
    """Folders real/ and fake/, and one named otherwise."""
    draw_collection(folder, 3)
    (folder / "new").mkdir()
    (folder / "fake" / "fake-000.png").rename(folder / "new" / "found.png")
    return folder


def test_a_folder_of_no_label_is_refused_without_being_told(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    report = imported(with_some_loose(tmp_path / "set"), settings)

    assert (report.imported, report.unlabelled, report.rejected) == (5, 0, 1)


def test_labelled_folders_keep_their_labels_beside_those_without(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    report = imported(with_some_loose(tmp_path / "set"), settings, "none")

    assert (report.real, report.fake, report.unlabelled, report.rejected) == (3, 2, 1, 0)
    labels = labels_by_name()
    assert labels["found.png"] is None
    assert labels["fake-001.png"] == "fake"


def test_an_empty_cell_of_a_table_is_no_label(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    folder = draw_collection(tmp_path / "set", 2)
    rows = ["path,label", "real/real-000.png,real", "fake/fake-000.png,", "fake/fake-001.png,none"]
    (folder / "manifest.csv").write_text("\n".join(rows))

    report = imported(folder / "manifest.csv", settings, "none")

    assert (report.real, report.unlabelled) == (1, 2)
    assert labels_by_name()["fake-000.png"] is None


def test_a_label_that_comes_later_does_not_change_what_is_there(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    folder = draw_collection(tmp_path / "set", 2)
    imported(folder, settings)
    loose = tmp_path / "loose"
    loose.mkdir()
    for each in (folder / "fake").iterdir():
        (loose / each.name).write_bytes(each.read_bytes())

    report = imported(loose, settings, "none")

    assert report.imported == 0
    assert any("is labelled fake" in reason for _name, reason in report.rejections)
