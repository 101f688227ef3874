"""What a source says otherwise than earlier: offered as changes, made only where accepted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.layouts import draw, picture
from tests.support.pictures import draw_collection
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store
from workbench.services.image.paths import of_pictures
from workbench.services.imports.changes import Acceptance
from workbench.services.imports.preview import Preview, preview_import
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.services.review.labels import standing_label
from workbench.services.review.verdicts import give_verdict, history
from workbench.services.runs import requests
from workbench.services.workspaces import Workspace
from workbench.store.database import session, transaction
from workbench.store.image_files import normalised_path
from workbench.store.images import Collection, Image
from workbench.store.people import AuditEvent

Importer = Callable[..., ImportReport]
ACCEPTED = Acceptance(accepted=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Five files in folders real and fake."""
    return draw(
        tmp_path / "set",
        *("real/a.png", "real/b.png", "real/c.png"),
        *("fake/flux/d.png", "fake/flux/e.png"),
    )


@pytest.fixture
def again(tables: Flask, settings: Settings, source: Path) -> Importer:
    """Import the source, which was imported once, another time."""
    imported(source, settings)
    return lambda **options: imported(source, settings, **options)


def imported(source: Path, settings: Settings, **options: Any) -> ImportReport:
    return import_images(source, collection="few", settings=settings, progress=Silent(), **options)


def dry_run(source: Path, settings: Settings) -> Preview:
    return preview_import(source, collection="few", settings=settings, begun=True)


def rows() -> dict[str, Image]:
    session().rollback()
    found = {each.name: each for each in session().scalars(select(Image).order_by(Image.id))}
    session().expunge_all()
    return found


def counts() -> tuple[int, int, int]:
    session().rollback()
    found = session().scalars(select(Collection)).one()
    return found.real, found.fake, found.unlabelled


def events() -> list[AuditEvent]:
    return list(session().scalars(select(AuditEvent).where(AuditEvent.action == "image.change")))


def told(found: ImportReport | Preview) -> list[tuple[str, str, str, str]]:
    return [(each.name, each.what, each.old, each.new) for each in found.changes]


def move(source: Path, old: str, new: str) -> None:
    (source / new).parent.mkdir(parents=True, exist_ok=True)
    (source / old).rename(source / new)


def overwrite(path: Path) -> None:
    path.write_bytes(picture())
    os.utime(path, ns=(1, 1))


RELABELLED = [
    ("fake/sdxl/a.png", "label", "real", "fake"),
    ("fake/sdxl/a.png", "generator", "", "sdxl"),
]


def test_a_file_moved_to_the_other_label_is_offered_as_a_change_and_stays_as_it_was(
    again: Importer, source: Path, settings: Settings
) -> None:
    move(source, "real/a.png", "fake/sdxl/a.png")

    preview = dry_run(source, settings)
    report = again()

    assert told(preview) == told(report) == RELABELLED
    assert (preview.already, preview.moved, preview.changed) == (4, 0, 1)
    assert (report.already, report.changed, report.accepted) == (4, 1, False)
    assert report.rejections == ()
    assert (rows()["a.png"].label, counts(), events()) == ("real", (3, 2, 0), [])
    assert told(again()) == RELABELLED


def test_an_accepted_label_is_that_of_the_image_its_collection_and_the_audit_log(
    again: Importer, source: Path, ada: Account
) -> None:
    before = rows()["a.png"]
    move(source, "real/a.png", "fake/sdxl/a.png")

    report = again(by=Acceptance(accepted=True, user_id=ada.id))

    assert told(report) == RELABELLED
    assert (report.changed, report.accepted, report.real, report.fake) == (1, True, 2, 3)
    after = rows()["a.png"]
    assert (after.id, after.label, after.generator) == (before.id, "fake", "sdxl")
    assert after.original_uri.endswith("fake/sdxl/a.png")
    assert after.group_key == before.group_key
    assert counts() == (2, 3, 0)
    [event] = events()
    assert (event.user_id, event.subject) == (ada.id, f"image:{before.id}")
    assert event.collection_id == before.collection_id
    assert event.detail["label"] == {"old": "real", "new": "fake"}
    assert (again().already, len(rows())) == (5, 5)


def test_a_manifest_that_says_otherwise_is_a_change_too(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    manifest = draw(tmp_path, "a.png", "b.png") / "list.csv"
    manifest.write_text("path,label\na.png,real\nb.png,fake\n")
    imported(manifest, settings)
    manifest.write_text("path,label,generator,class\na.png,fake,flux,cat\nb.png,fake,,\n")

    report = imported(manifest, settings, by=ACCEPTED)

    assert told(report) == [
        ("a.png", "label", "real", "fake"),
        ("a.png", "generator", "", "flux"),
        ("a.png", "class", "", "cat"),
    ]
    row = rows()["a.png"]
    assert (row.label, row.generator, row.class_name) == ("fake", "flux", "cat")


def test_a_label_that_people_decided_stays_and_the_report_says_so(
    again: Importer, source: Path, ada: Account
) -> None:
    image = rows()["a.png"]
    give_verdict(ada.id, image.id, None, "real")
    move(source, "real/a.png", "fake/a.png")

    report = again(by=ACCEPTED)

    assert report.changes[0].words == (
        "fake/a.png: label real → fake; decided to be real, which stays"
    )
    assert rows()["a.png"].label == "fake"
    standing = standing_label(image.id, "fake", history(image.id))
    assert (standing.imported, standing.label) == ("fake", "real")


def test_a_file_moved_without_a_change_of_its_label_stays_one_image(
    again: Importer, source: Path, settings: Settings
) -> None:
    before = rows()["a.png"]
    move(source, "real/a.png", "real/deep/renamed.png")

    preview = dry_run(source, settings)
    report = again()

    assert (preview.already, preview.moved, preview.changes) == (4, 1, ())
    assert (report.already, report.moved, report.duplicates, report.imported) == (4, 1, 0, 0)
    after = rows()["renamed.png"]
    assert (after.id, len(rows())) == (before.id, 5)
    assert after.original_uri.endswith("real/deep/renamed.png")
    assert again().already == 5


def test_a_copy_is_a_duplicate_as_long_as_the_first_file_is_there(
    again: Importer, source: Path
) -> None:
    shutil.copy(source / "real/a.png", source / "real/copy.png")
    os.utime(source / "real/a.png", ns=(1, 1))

    report = again()

    assert (report.already, report.duplicates, report.moved) == (5, 1, 0)
    assert rows()["a.png"].original_uri.endswith("real/a.png")


def test_an_overwritten_file_is_offered_as_a_change_and_makes_no_second_image(
    again: Importer, source: Path, settings: Settings
) -> None:
    before = rows()["a.png"]
    overwrite(source / "real/a.png")

    preview = dry_run(source, settings)
    report = again()

    assert [(each.name, each.what) for each in preview.changes] == [("real/a.png", "content")]
    [change] = report.changes
    assert (change.name, change.what) == ("real/a.png", "content")
    assert change.old == f"PNG 24 × 24 ({before.content_hash[:12]})"
    assert change.new.startswith("PNG 24 × 24 (")
    assert change.new != change.old
    assert (report.changed, report.imported, report.accepted) == (1, 0, False)
    assert rows()["a.png"].content_hash == before.content_hash
    assert (len(rows()), counts()) == (5, (3, 2, 0))


def test_an_accepted_overwritten_file_takes_the_place_of_the_old_image(
    again: Importer, source: Path, settings: Settings
) -> None:
    before = rows()["a.png"]
    old = [
        path
        for path in of_pictures(settings, [before.pixel_hash], [before.content_hash])
        if not path.exists() and path.suffix
    ]
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    overwrite(source / "real/a.png")

    report = again(by=ACCEPTED)

    assert (report.imported, report.changed, report.accepted) == (1, 0, True)
    after = rows()["a.png"]
    assert after.content_hash != before.content_hash
    assert not any(path.exists() for path in old), "thumbnails, and what the screen showed"
    assert not normalised_path(settings.image_dir, before.pixel_hash).exists()
    assert normalised_path(settings.image_dir, after.pixel_hash).exists()
    assert (len(rows()), counts()) == (5, (3, 2, 0))
    [event] = events()
    assert event.subject == f"image:{before.id}"
    assert event.detail == {"content": {"old": "PNG 24 × 24", "new": "PNG 24 × 24"}}
    assert again().already == 5


def test_a_set_numbered_anew_has_moved_and_only_its_new_file_is_new(
    again: Importer, source: Path, settings: Settings
) -> None:
    for old, new in (("c", "x"), ("b", "c"), ("a", "b")):
        move(source, f"real/{old}.png", f"real/{new}.png")
    draw(source, "real/a.png")

    preview = dry_run(source, settings)
    report = again()

    assert preview.changes == ()
    assert (report.moved, report.imported, report.changes) == (3, 1, ())
    assert len(rows()) == 6
    assert again().already == 6


def test_files_that_changed_places_change_their_labels(again: Importer, source: Path) -> None:
    move(source, "real/a.png", "held.png")
    move(source, "fake/flux/d.png", "real/a.png")
    move(source, "held.png", "fake/flux/d.png")

    report = again()

    assert told(report) == [
        ("fake/flux/d.png", "label", "real", "fake"),
        ("fake/flux/d.png", "generator", "", "flux"),
        ("real/a.png", "label", "fake", "real"),
        ("real/a.png", "generator", "flux", ""),
    ]
    assert counts() == (3, 2, 0)
    again(by=ACCEPTED)
    assert (len(rows()), counts()) == (5, (3, 2, 0))
    assert again().already == 5


def test_a_file_overwritten_by_a_copy_of_another_is_a_change_of_the_image_it_was(
    again: Importer, source: Path
) -> None:
    shutil.copy(source / "real/b.png", source / "real/a.png")

    report = again()

    assert (report.already, report.duplicates) == (4, 1)
    assert [(each.name, each.what, each.new) for each in report.changes] == [
        ("real/a.png", "content", "a copy of another image")
    ]
    assert len(rows()) == 5
    again(by=ACCEPTED)
    assert (sorted(rows()), counts()) == (["b.png", "c.png", "d.png", "e.png"], (2, 2, 0))


def test_an_image_that_came_without_a_label_gets_the_one_that_the_source_says_now(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    manifest = draw(tmp_path, "a.png", "b.png") / "list.csv"
    manifest.write_text("path,label\na.png,none\nb.png,fake\n")
    imported(manifest, settings)
    manifest.write_text("path,label\na.png,real\nb.png,fake\n")

    report = imported(manifest, settings, by=ACCEPTED)

    assert told(report) == [("a.png", "label", "none", "real")]
    assert counts() == (1, 1, 0)


def as_if_imported_from(folder: Path, collection: int) -> Path:
    """Draw the analysed collection's pictures anew, and let its images have been these."""
    source = draw_collection(folder, 20, mislabelled=3)
    with transaction() as write:
        for each in write.scalars(select(Image).where(Image.collection_id == collection)):
            each.original_uri = (source / str(each.label) / each.name).resolve().as_uri()
    return source


@pytest.mark.analysed
def test_an_accepted_label_reaches_the_pages_and_the_next_analysis(
    analysed: Workspace, settings: Settings, tmp_path: Path
) -> None:
    collection, version = analysed.collection.id, analysed.version
    assert version is not None
    assert requests.run_for_analysis(collection) is None
    name = (
        session()
        .scalars(select(Image.name).where(Image.collection_id == collection, Image.label == "real"))
        .first()
    )
    source = as_if_imported_from(tmp_path / "drawn", collection)
    (source / "real" / str(name)).rename(source / "fake" / str(name))
    before = column_store(version.id).imported_labels.copy()

    report = import_images(
        source, collection="pictures", settings=settings, progress=Silent(), by=ACCEPTED
    )

    assert [each.what for each in report.changes] == ["label"]
    assert (column_store(version.id).imported_labels != before).sum() == 1
    assert requests.run_for_analysis(collection) is not None


@pytest.mark.analysed
def test_an_overwritten_file_of_which_a_version_was_made_is_not_replaced(
    analysed: Workspace, settings: Settings, tmp_path: Path
) -> None:
    source = as_if_imported_from(tmp_path / "drawn", analysed.collection.id)
    overwrite(source / "real" / "real-000.png")

    report = import_images(
        source, collection="pictures", settings=settings, progress=Silent(), by=ACCEPTED
    )

    [change] = report.changes
    assert change.hindrance
    assert (report.changed, report.accepted, report.unaccepted) == (1, False, 0)
