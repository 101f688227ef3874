"""How runs and exports ended is in the audit log, written with their end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.rows import fill_every_table
from workbench.services.intake import jobs
from workbench.services.interchange import exports
from workbench.services.runs import queue
from workbench.services.runs.claims import ClaimLost, take
from workbench.store.database import session, transaction
from workbench.store.export_jobs import ExportJob
from workbench.store.import_jobs import ImportJob
from workbench.store.jobs import Job
from workbench.store.people import AuditEvent
from workbench.store.versions import TrainingRun


def ends() -> list[tuple[str, str, int | None, int | None]]:
    found = session().scalars(select(AuditEvent).order_by(AuditEvent.id))
    return [
        (each.action, each.subject, each.collection_id, each.user_id)
        for each in found
        if each.action.endswith((".finish", ".fail"))
    ]


def queue_all() -> None:
    fill_every_table()
    with transaction() as write:
        for table in (TrainingRun, ImportJob, ExportJob):
            job: Job = write.get_one(table, 1)
            job.state = "queued"
        write.get_one(TrainingRun, 1).version_id = None
        write.get_one(ImportJob, 1).collection_name = "pictures"


def test_an_export_and_an_import_that_end_are_recorded(tables: Flask) -> None:
    queue_all()
    export, coming = take(ExportJob, 1, "a"), take(ImportJob, 1, "a")
    assert export is not None
    assert coming is not None

    exports.conclude(export, "succeeded", size=5)
    jobs.conclude(coming, "failed", error="half a file")

    assert ends() == [
        ("export.finish", "export_job:1", 1, None),
        ("import.fail", "import_job:1", 1, None),
    ]


def test_a_failed_run_is_recorded_once_and_a_cancelled_one_by_who_asked(tables: Flask) -> None:
    queue_all()
    claim = take(TrainingRun, 1, "a")
    assert claim is not None

    queue.end(claim, "failed", "no space left")
    with pytest.raises(ClaimLost):
        queue.end(claim, "failed", "no space left")

    assert ends() == [("run.fail", "training_run:1", 1, None)]
    asked = queue.request_retrain(1, 1)
    queue.cancel(1, asked.id)
    assert len(ends()) == 1


def test_a_run_whose_processes_keep_dying_is_recorded_as_failed(tables: Flask) -> None:
    queue_all()
    for _ in range(3):
        assert take(TrainingRun, 1, "gone:1:x") is not None
        let_it_fall_silent()
        queue.recover()

    assert ends() == [("run.fail", "training_run:1", 1, None)]


def let_it_fall_silent() -> None:
    with transaction() as write:
        run = write.get_one(TrainingRun, 1)
        run.heartbeat_at = run.created_at - timedelta(hours=1)
