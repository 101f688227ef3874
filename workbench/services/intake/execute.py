"""Doing an import that was asked for on a page, in the worker."""

from __future__ import annotations

import threading
from dataclasses import replace

import structlog
from sqlalchemy import Engine, func, select

from workbench.config import Settings
from workbench.services.errors import ServiceError, reason
from workbench.services.imports.changes import Acceptance
from workbench.services.imports.collection import Described
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.intake import jobs
from workbench.services.intake.options import FormOptions
from workbench.services.progress import Cancelled, Progress
from workbench.services.runs.claims import Claim, ClaimLost, give_back, held
from workbench.services.runs.progress import Heartbeat, RunProgress
from workbench.store.database import session
from workbench.store.images import Collection, Image
from workbench.store.import_jobs import ImportJob

log = structlog.get_logger()
LOST = "lost"
"""What became of an import that another process has taken over meanwhile."""


def execute(
    engine: Engine, claim: Claim, settings: Settings, *, stop: threading.Event | None = None
) -> str:
    """Do an import that this process has claimed; returns the state it ended in, or `LOST`.

    When the process is interrupted it goes back into the queue: what was imported is not read
    again. Its upload goes when it has ended, its images' originals stay.
    """
    with Heartbeat(engine, claim):
        try:
            with held(claim):
                state = _perform(claim, settings, RunProgress(engine, claim, stop=stop))
        except ClaimLost:
            session().rollback()
            log.warning("another process has taken the import over", job=claim.run_id)
            return LOST
        except BaseException:
            session().rollback()
            give_back(claim)
            raise
    job = session().get_one(ImportJob, claim.run_id)
    kind, source = job.kind, job.source
    session().rollback()
    if kind == "upload":
        jobs.let_go(source, settings)
    return state


def _perform(claim: Claim, settings: Settings, progress: Progress) -> str:
    shown, root = "", settings.upload_dir
    try:
        job = session().get_one(ImportJob, claim.run_id)
        shown, by = job.shown, job.requested_by_id
        name, options = job.collection_name, FormOptions.of_json(job.options)
        root, own = jobs.place_of(claim.run_id, settings)
        session().rollback()
        report = import_images(
            root,
            collection=name,
            settings=own,
            options=options.source_options(root),
            progress=progress,
            described=Described(options.title),
            by=Acceptance(options.accept_changes, by),
        )
    except Cancelled:
        jobs.conclude(claim, "cancelled")
        return "cancelled"
    except Exception as error:
        log.exception("import failed", job=claim.run_id)
        said = str(error) if isinstance(error, ServiceError | ValueError) else ""
        words = said or f"{type(error).__name__}: {reason(error)}"
        session().rollback()
        jobs.conclude(claim, "failed", error=jobs.without_place(words, root, shown))
        return "failed"
    jobs.conclude(claim, "succeeded", report=_whole(claim, report).as_json())
    return "succeeded"


def _whole(claim: Claim, report: ImportReport) -> ImportReport:
    """The report of all processes that took part: what earlier ones imported, this one found."""
    if claim.number == 1:
        return report
    job = session().get_one(ImportJob, claim.run_id)
    imported = session().scalar(
        select(func.count())
        .select_from(Image)
        .join(Collection)
        .where(
            Collection.name == job.collection_name,
            Image.imported_at >= (job.started_at or job.created_at),
        )
    )
    earlier = min(max((imported or 0) - report.imported, 0), report.already)
    return replace(report, imported=report.imported + earlier, already=report.already - earlier)
