"""Exports asked for on pages: written by the worker, cancelled, recovered, fetched, swept."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.integration.interchange.conftest import Frozen
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.interchange import exporting, exports, writing
from workbench.services.progress import Stopping
from workbench.services.removal import journal
from workbench.services.removal.label_sets import delete_images, delete_sets
from workbench.store.database import db, now, session, transaction
from workbench.store.export_jobs import ExportJob


def done(export_id: int, settings: Settings) -> str:
    claim = exports.claim_next("test:1:x")
    assert claim is not None
    assert claim.run_id == export_id
    return exporting.execute(db.engine, claim, settings)


def test_a_file_is_written_and_fetched(frozen: Frozen, ben: Account, settings: Settings) -> None:
    export_id = exports.request(ben.id, frozen.id, "jsonl")
    assert exports.request(ben.id, frozen.id, "jsonl") == export_id, "it is open already"
    with pytest.raises(NotFoundError):
        exports.download(frozen.collection_id, export_id, settings)

    assert done(export_id, settings) == "succeeded"

    found = exports.download(frozen.collection_id, export_id, settings)
    assert len(found.path.read_bytes().splitlines()) == len(frozen.ids)
    assert found.name == "many-labels-1.jsonl"
    view = exports.export_of(frozen.collection_id, export_id)
    assert (view.state, view.size) == ("succeeded", found.path.stat().st_size)
    assert view.until is not None
    with pytest.raises(NotFoundError):
        exports.download(frozen.collection_id + 1, export_id, settings)


def test_one_is_cancelled_before_and_while_it_runs(
    frozen: Frozen, ben: Account, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = exports.request(ben.id, frozen.id, "csv")
    exports.cancel(ben.id, frozen.collection_id, queued)
    assert exports.export_of(frozen.collection_id, queued).state == "cancelled"
    with pytest.raises(InvalidError):
        exports.cancel(ben.id, frozen.collection_id, queued)

    running = exports.request(ben.id, frozen.id, "csv")
    claim = exports.claim_next("test:1:x")
    assert claim is not None
    exports.cancel(ben.id, frozen.collection_id, running)

    assert exporting.execute(db.engine, claim, settings) == "cancelled"
    assert list(settings.export_dir.iterdir()) == []


def test_a_worker_that_stops_puts_it_back(frozen: Frozen, ben: Account, settings: Settings) -> None:
    export_id = exports.request(ben.id, frozen.id, "coco")
    claim = exports.claim_next("test:1:x")
    assert claim is not None
    stop = threading.Event()
    stop.set()

    with pytest.raises(Stopping):
        exporting.execute(db.engine, claim, settings, stop=stop)

    assert exports.export_of(frozen.collection_id, export_id).state == "queued"
    assert done(export_id, settings) == "succeeded"


def test_one_that_fails_says_why(
    frozen: Frozen, ben: Account, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    export_id = exports.request(ben.id, frozen.id, "csv")
    monkeypatch.setattr(exporting, "write_label_set", full)

    assert done(export_id, settings) == "failed"
    assert "No space left" in exports.export_of(frozen.collection_id, export_id).error
    assert list(settings.export_dir.iterdir()) == []


def test_old_files_and_strays_are_swept(frozen: Frozen, ben: Account, settings: Settings) -> None:
    old, new = (exports.request(ben.id, frozen.id, form) for form in ("csv", "jsonl"))
    for each in (old, new):
        assert done(each, settings) == "succeeded"
    (settings.export_dir / "99").write_text("left by nobody")
    with transaction() as write:
        write.execute(
            update(ExportJob)
            .where(ExportJob.id == old)
            .values(finished_at=now() - exports.KEPT - timedelta(minutes=1))
        )

    assert exports.sweep(settings) == 2

    assert [each.name for each in settings.export_dir.iterdir()] == [str(new)]
    assert exports.export_of(frozen.collection_id, old).state == "expired"


def test_a_takedown_waits_for_an_export_and_takes_its_file_away(
    frozen: Frozen, ben: Account, settings: Settings
) -> None:
    export_id = exports.request(ben.id, frozen.id, "csv")
    with pytest.raises(ConflictError, match="An export of many"), transaction() as write:
        journal.refuse_while_running(write, {frozen.collection_id})
    done(export_id, settings)

    with transaction() as write:
        files = delete_images(write, [frozen.ids[0]], settings)

    assert files == [exports.path_of(export_id, settings)]
    with pytest.raises(NotFoundError):
        exports.download(frozen.collection_id, export_id, settings)
    with transaction() as write:
        delete_images(write, frozen.ids[1:], settings)
        delete_sets(write, frozen.collection_id, settings)
    assert session().get(ExportJob, export_id) is None


def test_an_unknown_format_is_refused(frozen: Frozen, ben: Account) -> None:
    with pytest.raises(InvalidError):
        exports.request(ben.id, frozen.id, "xml")
    assert "xml" not in writing.FORMATS
