"""Imports asked for on pages: drafted, started, watched, cancelled; the worker does them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workbench.config import Settings
from workbench.services import audit, visibility
from workbench.services.audit import Concerned
from workbench.services.collections import check_name
from workbench.services.errors import ConflictError, InvalidError, NotFoundError, ServiceError
from workbench.services.imports.preview import Preview, preview_import
from workbench.services.intake import folders, uploads
from workbench.services.intake.kept_originals import keep_originals
from workbench.services.intake.options import FormOptions
from workbench.services.intake.uploads import Received
from workbench.services.runs.claims import Claim, end_row, queue_again, take_next
from workbench.services.runs.progress import fraction_of, rate_of
from workbench.services.sources.open import tables_in
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection
from workbench.store.import_jobs import ImportJob
from workbench.store.jobs import OPEN_STATES

DRAFTS_LAST: Final = timedelta(days=1)
"""A draft that nobody has started in this time goes, with its upload."""
DRY_RUN_SECONDS: Final = 15.0
"""So long a page looks at files; the import looks at all of them."""
_DIED: Final = "The worker process died {times} times during this import."


@dataclass(frozen=True)
class JobView:
    """An import as its page shows it."""

    id: int
    collection: str
    kind: str
    shown: str
    options: FormOptions
    state: str
    stage: str
    done: int
    total: int
    fraction: float | None
    seconds_left: float | None
    rate: float | None
    error: str
    cancel_requested: bool
    report: Mapping[str, Any]
    requested_by: str
    created_at: datetime
    finished_at: datetime | None
    exists: bool
    """Whether there is a collection of this name."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


@dataclass(frozen=True)
class DryRun:
    """What an import would take, or why it would take nothing."""

    preview: Preview | None
    refusal: str = ""
    suggested: FormOptions | None = None
    """The options with those that the refusal says to add."""
    tables: tuple[str, ...] = ()
    """Tables in the source, which may say what its folders do not."""


def draft_folder(user_id: int, collection: str, key: str, settings: Settings) -> JobView:
    """Draft an import of a folder below the import root. Raises NotFoundError, InvalidError."""
    check_name(collection)
    folders.resolve(key, settings)
    return _draft(user_id, collection, "folder", key, folders.shown_folder(key))


def draft_upload(
    user_id: int, collection: str, files: Sequence[Received], settings: Settings
) -> JobView:
    """Draft an import of what a browser sent. Raises InvalidError, with nothing kept."""
    check_name(collection)
    upload = uploads.receive(files, settings)
    return _draft(user_id, collection, "upload", upload.folder, upload.shown)


def _draft(user_id: int, collection: str, kind: str, source: str, shown: str) -> JobView:
    with transaction() as write:
        known = write.scalar(select(Collection.id).where(Collection.name == collection))
        if not visibility.sees(known):
            raise InvalidError(gettext("Choose another name for the collection."))
        job = ImportJob(
            collection_name=collection,
            kind=kind,
            source=source,
            shown=shown,
            state="draft",
            requested_by_id=user_id,
        )
        write.add(job)
        write.flush()
        job_id = job.id
    return job_of(job_id)


def job_of(job_id: int) -> JobView:
    """One import. Raises NotFoundError."""
    found = session().get(ImportJob, job_id, populate_existing=True)
    if found is None:
        raise NotFoundError(gettext("Import not found."))
    return _view(found)


def recent(limit: int = 30) -> tuple[JobView, ...]:
    """The newest imports."""
    found = session().scalars(
        select(ImportJob)
        .options(joinedload(ImportJob.requested_by))
        .where(visibility.visible_name(ImportJob.collection_name))
        .order_by(ImportJob.id.desc())
        .limit(limit)
    )
    return tuple(_view(each) for each in found)


def _view(found: ImportJob) -> JobView:
    exists = select(Collection.id).where(Collection.name == found.collection_name)
    return JobView(
        id=found.id,
        collection=found.collection_name,
        kind=found.kind,
        shown=found.shown,
        options=FormOptions.of_json(found.options),
        state=found.state,
        stage=found.stage,
        done=found.done,
        total=found.total,
        fraction=fraction_of(found),
        seconds_left=found.seconds_left if found.state == "running" else None,
        rate=rate_of(found),
        error=found.error,
        cancel_requested=found.cancel_requested,
        report=found.report,
        requested_by=found.requested_by.name,
        created_at=found.created_at,
        finished_at=found.finished_at,
        exists=session().scalar(exists) is not None,
    )


def set_options(job_id: int, options: FormOptions) -> None:
    """Change the options of a draft. Raises ConflictError for one that was started."""
    with transaction() as write:
        _draft_of(write, job_id).options = options.as_json()


def start(user_id: int, job_id: int) -> None:
    """Queue a draft for the worker. Raises ConflictError for one that was started."""
    with transaction() as write:
        job = _draft_of(write, job_id)
        job.state = "queued"
        audit.record(
            write,
            user_id,
            "import.request",
            f"import_job:{job_id}",
            concerned=Concerned(collection_id=_collection_of(write, job)),
            collection=job.collection_name,
        )


def cancel(user_id: int, job_id: int, settings: Settings) -> None:
    """Discard a draft, stop a queued import at once, a running one at its next step.

    What a running one has imported stays.
    """
    with transaction() as write:
        job = _locked(write, job_id)
        kind, source, state = job.kind, job.source, job.state
        collection_id = _collection_of(write, job)
        if state == "draft":
            write.delete(job)
        elif state == "queued":
            end_row(write, job, "cancelled")
        elif state == "running":
            job.cancel_requested = True
        else:
            raise InvalidError(gettext("This import has already ended."))
        audit.record(
            write,
            user_id,
            "import.cancel",
            f"import_job:{job_id}",
            concerned=Concerned(collection_id=collection_id),
        )
    if kind == "upload" and state != "running":
        let_go(source, settings)


def claim_next(holder: str) -> Claim | None:
    """Claim the oldest queued import for this process; None where there is none."""
    return take_next(ImportJob, holder)


def recover() -> tuple[int, ...]:
    """Queue again what dead processes left running; give up what has died too often."""
    return queue_again(ImportJob, _DIED)


def sweep(settings: Settings) -> int:
    """Remove old drafts, and uploads that no open import needs; how many uploads."""
    with transaction() as write:
        old = write.scalars(
            select(ImportJob).where(
                ImportJob.state == "draft", ImportJob.created_at < now() - DRAFTS_LAST
            )
        )
        for each in old.all():
            write.delete(each)
    needed = session().scalars(
        select(ImportJob.source).where(
            ImportJob.kind == "upload", ImportJob.state.in_(("draft", *OPEN_STATES))
        )
    )
    others = uploads.others_than(needed.all(), settings)
    for name in others:
        let_go(name, settings)
    return len(others)


def let_go(upload: str, settings: Settings) -> None:
    """Remove an upload; the originals of images that were imported from it are kept."""
    keep_originals(uploads.folder_of(upload, settings), settings)
    uploads.remove(upload, settings)


def dry_run(job_id: int, settings: Settings) -> DryRun:
    """Tell what a draft would import. Nothing is written."""
    job = job_of(job_id)
    try:
        root, own = place_of(job_id, settings)
    except ServiceError as error:
        return DryRun(None, str(error))
    tables = tables_in(root)
    try:
        preview = preview_import(
            root,
            collection=job.collection,
            settings=own,
            options=job.options.source_options(root),
            begun=True,
            seconds=DRY_RUN_SECONDS,
        )
    except ServiceError as error:
        suggested = job.options.with_suggested(str(error))
        offered = None if suggested == job.options else suggested
        return DryRun(None, without_place(str(error), root, job.shown), offered, tables)
    return DryRun(preview, tables=tables)


def place_of(job_id: int, settings: Settings) -> tuple[Path, Settings]:
    """The folder of an import, and the settings that it is read by.

    Raises NotFoundError where the folder is gone, or leads out of the import root by now.
    """
    job = session().get_one(ImportJob, job_id)
    if job.kind == "folder":
        return folders.resolve(job.source, settings), settings
    root = uploads.folder_of(job.source, settings).resolve()
    if not root.is_dir():
        raise NotFoundError(gettext("The uploaded files are gone. Upload them again."))
    # Uploads lie in the data directory, wherever originals are to lie.
    return root, settings.model_copy(update={"image_root": None})


def without_place(words: str, root: Path, shown: str) -> str:
    """Words of a refusal, without the path of the machine."""
    return words.replace(f"{root}/", "").replace(str(root), shown)


def conclude(
    claim: Claim, state: str, *, report: dict[str, Any] | None = None, error: str = ""
) -> None:
    """Write how an import ended, where its claim still holds."""
    with transaction() as write:
        job = write.get_one(ImportJob, claim.run_id, populate_existing=True)
        job.report = report or {}
        end_row(write, job, state, error)


def _collection_of(write: Session, job: ImportJob) -> int | None:
    """The collection that a job imports into; None before it is there."""
    return write.scalar(select(Collection.id).where(Collection.name == job.collection_name))


def _draft_of(write: Session, job_id: int) -> ImportJob:
    job = _locked(write, job_id)
    if job.state != "draft":
        raise ConflictError(gettext("This import was started already."))
    return job


def _locked(write: Session, job_id: int) -> ImportJob:
    job = write.get(ImportJob, job_id, populate_existing=True, with_for_update=True)
    if job is None:
        raise NotFoundError(gettext("Import not found."))
    return job
