"""Imports asked for on pages: drafted, tried, done by the worker, resumed, cancelled, swept."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.layouts import draw, picture
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.imports import run as importing
from workbench.services.intake import execute, folders, jobs, uploads
from workbench.services.intake.jobs import JobView
from workbench.services.intake.options import FormOptions
from workbench.services.progress import Stopping
from workbench.services.removal.collections import remove_collection
from workbench.services.removal.images import remove_image
from workbench.services.runs import claims
from workbench.store.database import db, now, session, transaction
from workbench.store.image_files import is_whole
from workbench.store.images import Collection, Image
from workbench.store.import_jobs import ImportJob
from workbench.store.people import AuditEvent


@dataclass
class Sent:
    """A file as a browser sends it."""

    filename: str
    stream: io.BytesIO


def archive(*names: str) -> Sent:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, picture())
    return Sent("set.zip", buffer)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The import root, with a set in it and one beside it."""
    draw(tmp_path / "beside", "real/secret.png", "fake/secret.png")
    return draw(
        tmp_path / "root",
        *("set/real/a.png", "set/real/b.png", "set/fake/flux/c.png", "set/fake/flux/d.png"),
    )


@pytest.fixture
def own(tables: Flask, settings: Settings, root: Path) -> Settings:
    """Settings with that import root."""
    return settings.model_copy(update={"import_root": root.resolve()})


def done(job: JobView, ada: Account, settings: Settings) -> JobView:
    """Start it, and do it as the worker does."""
    jobs.start(ada.id, job.id)
    claim = jobs.claim_next("here:1:test")
    assert claim is not None
    assert claim.run_id == job.id
    execute.execute(db.engine, claim, settings)
    session().rollback()
    return jobs.job_of(job.id)


def images() -> list[Image]:
    session().rollback()
    return list(session().scalars(select(Image).order_by(Image.name)))


def kept(settings: Settings) -> list[str]:
    return [each.name for each in settings.upload_dir.glob("*")]


def test_a_folder_is_tried_and_then_imported_by_the_worker(
    own: Settings, root: Path, ada: Account
) -> None:
    listing = folders.list_folder("", own)
    assert listing is not None
    assert [each.key for each in listing.folders] == ["set"]
    job = jobs.draft_folder(ada.id, "few", "set", own)

    preview = jobs.dry_run(job.id, own).preview

    assert preview is not None
    assert (preview.images, preview.by_label) == (4, {"fake": 2, "real": 2})
    assert images() == []
    ended = done(job, ada, own)
    assert (ended.state, ended.error) == ("succeeded", "")
    assert (ended.report["imported"], ended.report["real"]) == (4, 2)
    assert [each.name for each in images()] == ["a.png", "b.png", "c.png", "d.png"]
    assert images()[0].original_uri == (root / "set" / "real" / "a.png").resolve().as_uri()
    asked = session().scalars(select(AuditEvent).where(AuditEvent.action == "import.request")).one()
    assert (asked.user_id, asked.subject) == (ada.id, f"import_job:{job.id}")
    with pytest.raises(ConflictError):
        jobs.start(ada.id, job.id)


@pytest.mark.parametrize("key", ["..", "../beside", "set/../../beside", "%2E%2E/beside", "link"])
def test_no_folder_outside_of_the_root_is_chosen_or_listed(
    own: Settings, root: Path, ada: Account, key: str
) -> None:
    (root / "link").symlink_to(root.parent / "beside")
    for wanted in (key, str(root.parent / "beside"), "nowhere", "set/real/a.png", "a%00b"):
        with pytest.raises(NotFoundError):
            jobs.draft_folder(ada.id, "few", wanted, own)
        with pytest.raises(NotFoundError):
            folders.list_folder(wanted, own)
    listing = folders.list_folder("", own)
    assert listing is not None
    assert [each.shown for each in listing.folders] == ["set"]


def test_a_folder_that_leads_out_by_now_is_not_imported(
    own: Settings, root: Path, ada: Account
) -> None:
    job = jobs.draft_folder(ada.id, "few", "set", own)
    (root / "set").rename(root / "gone")
    (root / "set").symlink_to(root.parent / "beside")

    assert jobs.dry_run(job.id, own).refusal
    assert done(job, ada, own).state == "failed"
    assert images() == []


def test_a_table_names_no_file_outside_of_the_folder(
    own: Settings, root: Path, ada: Account
) -> None:
    beside = root.parent / "beside" / "real" / "secret.png"
    (root / "set" / "link.png").symlink_to(beside)
    rows = [str(beside), "../../beside/real/secret.png", "link.png", "real/a.png"]
    (root / "set" / "list.csv").write_text(
        "path,label\n" + "".join(f"{each},real\n" for each in rows)
    )
    job = jobs.draft_folder(ada.id, "few", "set", own)
    assert jobs.dry_run(job.id, own).tables == ("list.csv",)
    jobs.set_options(job.id, FormOptions(table="list.csv"))

    ended = done(job, ada, own)

    assert ended.report["imported"] == 1
    assert {each["reason"] for each in ended.report["rejections"]} == {"outside the image root"}
    assert [each.name for each in images()] == ["a.png"]
    (beside.parent / "list.csv").write_text("secret,label\n")
    other = jobs.draft_folder(ada.id, "few", "set", own).id
    jobs.set_options(other, FormOptions(table="../../beside/real/list.csv"))
    assert jobs.dry_run(other, own).refusal == "list.csv is outside the folder"


def test_a_dry_run_ends_in_time_and_says_that_there_are_more_files(
    own: Settings, root: Path, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(root / "large", *(f"real/{number:03}.png" for number in range(40)), "fake/a.png")
    job = jobs.draft_folder(ada.id, "few", "large", own)
    whole = jobs.dry_run(job.id, own).preview
    assert whole is not None
    assert (whole.images, whole.partial) == (41, False)
    monkeypatch.setattr(jobs, "DRY_RUN_SECONDS", 0.0)

    cut_off = jobs.dry_run(job.id, own).preview

    assert cut_off is not None
    assert (cut_off.images, cut_off.partial) == (0, True)


def test_an_upload_is_imported_and_leaves_no_file_behind(own: Settings, ada: Account) -> None:
    sent = archive("set/real/a.png", "set/fake/b.png")
    job = jobs.draft_upload(ada.id, "few", [sent], own)
    assert job.shown == "set.zip"
    assert len(kept(own)) == 1

    ended = done(job, ada, own)

    assert (ended.state, ended.report["imported"], ended.report["rejected"]) == ("succeeded", 2, 0)
    assert kept(own) == []
    assert all(is_whole(own.image_dir, each.pixel_hash) for each in images())
    again = done(jobs.draft_upload(ada.id, "few", [sent], own), ada, own)
    assert (again.report["imported"], again.report["moved"]) == (0, 2)


def test_an_upload_needs_no_place_below_the_image_root(
    own: Settings, root: Path, ada: Account
) -> None:
    own = own.model_copy(update={"image_root": root.resolve()})
    job = jobs.draft_upload(ada.id, "few", [archive("real/a.png", "fake/b.png")], own)
    assert done(job, ada, own).report["imported"] == 2


def test_a_refusal_suggests_the_options_that_make_it_work(
    own: Settings, root: Path, ada: Account
) -> None:
    draw(root / "odd", "0/a.png", "1/b.png")
    job = jobs.draft_folder(ada.id, "few", "odd", own)

    refused = jobs.dry_run(job.id, own)

    assert refused.preview is None
    assert str(root) not in refused.refusal
    assert refused.suggested is not None
    assert refused.suggested.labels == ("0=real", "1=fake")
    jobs.set_options(job.id, refused.suggested)
    tried = jobs.dry_run(job.id, own).preview
    assert tried is not None
    assert tried.by_label == {"real": 1, "fake": 1}


def test_changes_are_accepted_by_who_imports(own: Settings, root: Path, ada: Account) -> None:
    done(jobs.draft_folder(ada.id, "few", "set", own), ada, own)
    (root / "set" / "real" / "a.png").rename(root / "set" / "fake" / "a.png")
    job = jobs.draft_folder(ada.id, "few", "set", own)
    preview = jobs.dry_run(job.id, own).preview
    assert preview is not None
    assert [each.what for each in preview.changes] == ["label"]
    jobs.set_options(job.id, FormOptions(accept_changes=True))

    ended = done(job, ada, own)

    assert ended.report["accepted"] is True
    changed = session().scalars(select(AuditEvent).where(AuditEvent.action == "image.change")).one()
    assert changed.user_id == ada.id


def test_an_import_goes_on_where_its_worker_stopped(
    own: Settings, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_BATCH_IMAGES", 1)
    sent = archive(*(f"{label}/{each}.png" for label in ("real", "fake") for each in range(4)))
    job = jobs.draft_upload(ada.id, "few", [sent], own)
    jobs.start(ada.id, job.id)
    claim = jobs.claim_next("here:1:test")
    assert claim is not None
    stop = threading.Event()
    take = importing.Batch.write

    def stopping(*arguments: object, **options: object) -> object:
        stop.set()
        return take(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(importing.Batch, "write", stopping)
    with pytest.raises(Stopping):
        execute.execute(db.engine, claim, own, stop=stop)
    assert jobs.job_of(job.id).state == "queued"
    assert 0 < len(images()) < 8
    assert len(kept(own)) == 1

    claim = jobs.claim_next("here:1:test")
    assert claim is not None
    assert execute.execute(db.engine, claim, own) == "succeeded"

    report = jobs.job_of(job.id).report
    assert (report["imported"], report["already"], len(images())) == (8, 0, 8)


def test_a_running_import_is_cancelled_and_keeps_what_it_has(
    own: Settings, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_BATCH_IMAGES", 1)
    sent = archive(*(f"{label}/{each}.png" for label in ("real", "fake") for each in range(4)))
    job = jobs.draft_upload(ada.id, "few", [sent], own)
    jobs.start(ada.id, job.id)
    claim = jobs.claim_next("here:1:test")
    assert claim is not None
    jobs.cancel(ada.id, job.id, own)
    assert jobs.job_of(job.id).cancel_requested

    assert execute.execute(db.engine, claim, own) == "cancelled"

    assert jobs.job_of(job.id).state == "cancelled"
    assert kept(own) == []
    with pytest.raises(InvalidError, match="already ended"):
        jobs.cancel(ada.id, job.id, own)


def test_a_discarded_draft_leaves_nothing(own: Settings, ada: Account) -> None:
    job = jobs.draft_upload(ada.id, "few", [archive("real/a.png")], own)

    jobs.cancel(ada.id, job.id, own)

    assert kept(own) == []
    with pytest.raises(NotFoundError):
        jobs.job_of(job.id)


def test_an_import_whose_process_died_is_queued_again_and_given_up_in_the_end(
    own: Settings, ada: Account
) -> None:
    job = jobs.draft_folder(ada.id, "few", "set", own)
    jobs.start(ada.id, job.id)
    silent = now() - claims.SILENT_FOR - timedelta(seconds=1)
    for died in range(claims.ATTEMPTS):
        assert jobs.claim_next("here:1:test") is not None, died
        with transaction() as write:
            write.execute(update(ImportJob).values(heartbeat_at=silent))
        assert jobs.recover() == (job.id,)
    ended = jobs.job_of(job.id)
    assert ended.state == "failed"
    assert "died 3 times" in ended.error


def test_an_import_that_fails_says_why_without_a_path_of_the_machine(
    own: Settings, ada: Account
) -> None:
    job = jobs.draft_upload(ada.id, "few", [archive("x/a.png")], own)

    ended = done(job, ada, own)

    assert ended.state == "failed"
    assert ended.error.startswith("set.zip has no files in folders named real or fake")
    assert str(own.data_dir) not in ended.error
    assert session().scalar(select(Collection.id)) is None


def test_abandoned_uploads_are_swept_and_others_are_not(own: Settings, ada: Account) -> None:
    old, young, queued = (
        jobs.draft_upload(ada.id, "few", [archive("real/a.png")], own).id for _ in range(3)
    )
    jobs.start(ada.id, queued)
    (own.upload_dir / "under-way").mkdir()
    (own.upload_dir / "left").mkdir()
    long_ago = (now() - timedelta(days=2)).timestamp()
    for folder in own.upload_dir.glob("*"):
        if folder.name != "under-way":
            os.utime(folder, (long_ago, long_ago))
    with transaction() as write:
        write.execute(
            update(ImportJob)
            .where(ImportJob.id.in_((old, queued)))
            .values(created_at=now() - timedelta(days=2))
        )

    assert jobs.sweep(own) == 2

    assert jobs.job_of(young).state == "draft"
    assert jobs.job_of(queued).state == "queued"
    with pytest.raises(NotFoundError):
        jobs.job_of(old)
    assert len(kept(own)) == 3
    assert "under-way" in kept(own)


def test_a_picture_that_is_taken_down_is_named_in_no_report(
    own: Settings, root: Path, ada: Account
) -> None:
    (root / "set" / "real" / "b.png").write_bytes(b"no image")
    first = done(jobs.draft_folder(ada.id, "few", "set", own), ada, own)
    (root / "set" / "real" / "a.png").rename(root / "set" / "fake" / "a.png")
    report = done(jobs.draft_folder(ada.id, "few", "set", own), ada, own).report
    assert [each["name"] for each in report["changes"]] == ["fake/a.png"]

    remove_image(images()[0].id, ada.id, own)

    kept = jobs.recent()
    assert [each.report["changes"] for each in kept] == [[], []]
    assert [each["name"] for each in kept[1].report["rejections"]] == ["real/b.png"]
    remove_collection("few", ada.id, own)
    with pytest.raises(NotFoundError):
        jobs.job_of(first.id)


@pytest.mark.parametrize("name", ["a/b", "..", " "])
def test_a_collection_needs_a_name_that_can_stand_in_an_address(
    own: Settings, ada: Account, name: str
) -> None:
    with pytest.raises(InvalidError):
        jobs.draft_upload(ada.id, name, [archive("real/a.png")], own)
    with pytest.raises(InvalidError):
        jobs.draft_folder(ada.id, name, "set", own)
    assert uploads.others_than([], own) == []
