"""Doing an export that was asked for on a page, in the worker."""

from __future__ import annotations

import threading

import structlog
from sqlalchemy import Engine

from workbench.config import Settings
from workbench.files import written_durably
from workbench.services.errors import ServiceError, reason
from workbench.services.interchange import exports
from workbench.services.interchange.writing import check_room, write_label_set
from workbench.services.progress import Cancelled, Progress
from workbench.services.runs.claims import Claim, ClaimLost, give_back, held
from workbench.services.runs.progress import Heartbeat, RunProgress
from workbench.store.database import session
from workbench.store.export_jobs import ExportJob

log = structlog.get_logger()
LOST = "lost"
"""What became of an export that another process has taken over meanwhile."""


def execute(
    engine: Engine, claim: Claim, settings: Settings, *, stop: threading.Event | None = None
) -> str:
    """Do an export that this process has claimed; returns the state it ended in, or `LOST`.

    When the process is interrupted it goes back into the queue, and begins again.
    """
    with Heartbeat(engine, claim):
        try:
            with held(claim):
                return _perform(claim, settings, RunProgress(engine, claim, stop=stop))
        except ClaimLost:
            session().rollback()
            log.warning("another process has taken the export over", job=claim.run_id)
            return LOST
        except BaseException:
            session().rollback()
            give_back(claim)
            raise


def _perform(claim: Claim, settings: Settings, progress: Progress) -> str:
    path = exports.path_of(claim.run_id, settings)
    try:
        job = session().get_one(ExportJob, claim.run_id)
        label_set_id, form = job.label_set_id, job.format
        check_room(label_set_id, form, path.parent)
        with written_durably(path) as temporary, temporary.open("wb") as out:
            write_label_set(label_set_id, form, out, progress)
        session().rollback()
        exports.conclude(claim, "succeeded", size=path.stat().st_size)
    except Cancelled:
        session().rollback()
        exports.conclude(claim, "cancelled")
        return "cancelled"
    except Exception as error:
        log.exception("export failed", job=claim.run_id)
        said = str(error) if isinstance(error, ServiceError) else ""
        session().rollback()
        exports.conclude(claim, "failed", error=said or f"{type(error).__name__}: {reason(error)}")
        return "failed"
    return "succeeded"
