"""Exports of label sets asked for on pages: queued, watched, cancelled, fetched, swept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workbench.config import Settings
from workbench.services import app_settings, audit
from workbench.services.audit import Concerned
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.interchange.writing import FORMATS, check_room, file_name
from workbench.services.label_sets.blind import refuse_blind
from workbench.services.runs.claims import Claim, end_row, queue_again, take_next
from workbench.services.runs.progress import fraction_of
from workbench.store.database import now, session, transaction
from workbench.store.export_jobs import ExportJob
from workbench.store.images import Collection
from workbench.store.jobs import OPEN_STATES
from workbench.store.label_sets import LabelSet

KEPT: Final = timedelta(days=7)
"""So long a file can be downloaded."""
LISTED: Final = 10
_DIED: Final = "The worker process died {times} times during this export."


@dataclass(frozen=True)
class ExportView:
    """An export as its page shows it."""

    id: int
    number: int
    """Of the label set."""
    format: str
    state: str
    done: int
    total: int
    fraction: float | None
    seconds_left: float | None
    error: str
    cancel_requested: bool
    size: int | None
    by: str
    created_at: datetime
    until: datetime | None
    """How long its file can be downloaded."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


@dataclass(frozen=True)
class Download:
    """A file to send. name: what it is to be called."""

    path: Path
    name: str
    mimetype: str


def request(user_id: int, label_set_id: int, form: str) -> int:
    """Queue an export for the worker; its id. One that is open already in this format is that one.

    Raises InvalidError for an unknown format, and for pictures that have no room.
    """
    if form not in FORMATS:
        raise InvalidError(gettext("Unknown format “%(form)s”.", form=form))
    check_room(label_set_id, form, app_settings.settings().export_dir)
    with transaction() as write:
        label_set = write.get(LabelSet, label_set_id, with_for_update={"read": True})
        if label_set is None:
            raise NotFoundError(gettext("Label set not found."))
        same = select(ExportJob.id).where(
            ExportJob.label_set_id == label_set_id,
            ExportJob.format == form,
            ExportJob.state.in_(OPEN_STATES),
        )
        open_one = write.scalar(same.limit(1))
        if open_one is not None:
            return open_one
        job = ExportJob(label_set_id=label_set_id, format=form, requested_by_id=user_id)
        write.add(job)
        write.flush()
        audit.record(
            write,
            user_id,
            "label_set.export",
            f"export_job:{job.id}",
            after={"name": label_set.name, "format": form},
            concerned=Concerned(collection_id=label_set.collection_id),
        )
        return job.id


def export_of(collection_id: int, export_id: int) -> ExportView:
    """One export of a collection. Raises NotFoundError."""
    return _view(_found(session(), collection_id, export_id))


def exports_of(label_set_id: int) -> tuple[ExportView, ...]:
    """The newest exports of a label set."""
    found = session().scalars(
        select(ExportJob)
        .options(joinedload(ExportJob.requested_by), joinedload(ExportJob.label_set))
        .where(ExportJob.label_set_id == label_set_id)
        .order_by(ExportJob.id.desc())
        .limit(LISTED)
    )
    return tuple(_view(each) for each in found)


def cancel(user_id: int, collection_id: int, export_id: int) -> None:
    """Stop a queued export at once, a running one at its next step. Nothing is left of it."""
    with transaction() as write:
        job = _found(write, collection_id, export_id, lock=True)
        if job.state == "queued":
            end_row(write, job, "cancelled")
        elif job.state == "running":
            job.cancel_requested = True
        else:
            raise InvalidError(gettext("This export has already ended."))
        audit.record(
            write,
            user_id,
            "label_set.export_cancel",
            f"export_job:{export_id}",
            concerned=Concerned(collection_id=collection_id),
        )


def download(collection_id: int, export_id: int, settings: Settings) -> Download:
    """The file of an export that has succeeded.

    Raises NotFoundError; ForbiddenError where it tells who asks what they have to judge blind yet.
    """
    job = _found(session(), collection_id, export_id)
    refuse_blind(job.label_set_id)
    path = path_of(export_id, settings)
    if job.state != "succeeded" or not path.is_file():
        raise NotFoundError(gettext("This file is not there, or not any more. Export again."))
    name = session().scalars(select(Collection.name).where(Collection.id == collection_id)).one()
    return Download(
        path, file_name(name, job.label_set.number, job.format), FORMATS[job.format].mimetype
    )


def path_of(export_id: int, settings: Settings) -> Path:
    """Where the file of an export lies."""
    return settings.export_dir / str(export_id)


def claim_next(holder: str) -> Claim | None:
    """Claim the oldest queued export for this process; None where there is none."""
    return take_next(ExportJob, holder)


def recover() -> tuple[int, ...]:
    """Queue again what dead processes left running; give up what has died too often."""
    return queue_again(ExportJob, _DIED)


def sweep(settings: Settings) -> int:
    """Remove files that nobody can download any more; how many."""
    with transaction() as write:
        old = write.scalars(
            select(ExportJob).where(
                ExportJob.state == "succeeded", ExportJob.finished_at < now() - KEPT
            )
        )
        for each in old.all():
            each.state = "expired"
    kept = session().scalars(
        select(ExportJob.id).where(ExportJob.state.in_((*OPEN_STATES, "succeeded")))
    )
    names = {str(each) for each in kept}
    session().rollback()
    if not settings.export_dir.is_dir():
        return 0
    # What is being written has its export's number at the beginning of its name.
    stray = [
        path
        for path in settings.export_dir.iterdir()
        if path.name.lstrip(".").partition(".")[0] not in names
    ]
    for path in stray:
        path.unlink(missing_ok=True)
    return len(stray)


def conclude(claim: Claim, state: str, *, size: int | None = None, error: str = "") -> None:
    """Write how an export ended, where its claim still holds."""
    with transaction() as write:
        job = write.get_one(ExportJob, claim.run_id, populate_existing=True)
        job.size = size
        end_row(write, job, state, error)


def _found(
    reading: Session, collection_id: int, export_id: int, *, lock: bool = False
) -> ExportJob:
    query = (
        select(ExportJob)
        .join(LabelSet, LabelSet.id == ExportJob.label_set_id)
        .where(ExportJob.id == export_id, LabelSet.collection_id == collection_id)
        .execution_options(populate_existing=True)
    )
    found = reading.scalar(query.with_for_update(of=ExportJob) if lock else query)
    if found is None:
        raise NotFoundError(gettext("Export not found."))
    return found


def _view(found: ExportJob) -> ExportView:
    ended = found.finished_at if found.state == "succeeded" else None
    return ExportView(
        id=found.id,
        number=found.label_set.number,
        format=found.format,
        state=found.state,
        done=found.done,
        total=found.total,
        fraction=fraction_of(found),
        seconds_left=found.seconds_left if found.state == "running" else None,
        error=found.error,
        cancel_requested=found.cancel_requested,
        size=found.size,
        by=found.requested_by.name,
        created_at=found.created_at,
        until=ended + KEPT if ended else None,
    )
