"""The journal of removals: which are under way, and what was removed when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from filelock import FileLock, Timeout
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.errors import ConflictError
from workbench.services.removal.counts import Counts
from workbench.store.database import now, session, transaction
from workbench.store.export_jobs import ExportJob
from workbench.store.images import Collection
from workbench.store.import_jobs import ImportJob
from workbench.store.jobs import OPEN_STATES
from workbench.store.label_sets import LabelSet
from workbench.store.removals import Removal
from workbench.store.versions import TrainingRun

_PATIENCE_SECONDS = 5


@contextmanager
def alone(settings: Settings, patience_seconds: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Be the only one on this machine who removes. Raises ConflictError while somebody else is."""
    path = settings.data_dir / ".removal.lock"
    lock = FileLock(path, timeout=patience_seconds, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise ConflictError(
            gettext("Another removal is under way. Try again once it has ended.")
        ) from error
    try:
        yield
    finally:
        lock.release()


def record(
    write: Session,
    kind: str,
    subject_id: int,
    collection_id: int,
    counts: Counts,
    user_id: int | None,
    *,
    number: int | None = None,
) -> int:
    """Enter a removal, in the transaction that begins it; returns its id. The event says no more.

    Neither holds a name, a path or a word of anybody's.
    """
    removal = Removal(
        kind=kind,
        subject_id=subject_id,
        collection_id=collection_id,
        restricted=write.get_one(Collection, collection_id).restricted,
        number=number,
        user_id=user_id,
        counts=counts.as_json(),
    )
    write.add(removal)
    write.flush()
    told: dict[str, Any] = counts.as_json()
    audit.record(
        write,
        user_id,
        f"{kind}.remove",
        f"{kind}:{subject_id}",
        concerned=Concerned(collection_id=collection_id),
        **told,
    )
    return removal.id


def pending() -> list[Removal]:
    """Removals of which rows or files are left, the oldest first."""
    found = session().scalars(
        select(Removal).where(Removal.finished_at.is_(None)).order_by(Removal.id)
    )
    left = list(found)
    session().expunge_all()
    session().rollback()
    return left


def finish(write: Session, removal_id: int) -> None:
    """Note that nothing is left of it."""
    write.get_one(Removal, removal_id).finished_at = now()


def finished(removal_id: int) -> None:
    """The same, in a transaction of its own."""
    with transaction() as write:
        finish(write, removal_id)


def removed_earlier(kind: str, subject_id: int) -> Removal | None:
    """The removal of this very thing; None where it was never removed."""
    return session().scalar(
        select(Removal)
        .where(Removal.kind == kind, Removal.subject_id == subject_id)
        .order_by(Removal.id.desc())
        .limit(1)
    )


def version_removed_earlier(name: str, number: int) -> Removal | None:
    """The removal of a version of a collection; None where there was none."""
    return session().scalar(
        select(Removal)
        .join(Collection, Collection.id == Removal.collection_id)
        .where(Removal.kind == "version", Removal.number == number, Collection.name == name)
    )


def leaving(name: str) -> Removal | None:
    """The removal of a collection that is under way, or was interrupted."""
    return session().scalar(
        select(Removal)
        .join(Collection, Collection.id == Removal.subject_id)
        .where(
            Removal.kind == "collection",
            Removal.finished_at.is_(None),
            Collection.name == name,
        )
    )


def refuse_while_running(write: Session, collection_ids: set[int]) -> None:
    """Raise ConflictError where a run or an import is queued or running.

    No run begins before the commit.
    """
    its = Collection.id.in_(collection_ids)
    write.execute(select(Collection.id).where(its).with_for_update())
    named = select(Collection.name).where(its).limit(1)
    running = named.join(TrainingRun, TrainingRun.collection_id == Collection.id)
    if name := write.scalar(running.where(TrainingRun.state.in_(OPEN_STATES))):
        raise ConflictError(
            gettext(
                "A run of %(name)s is queued or running. Wait for its end or cancel it, then "
                "remove.",
                name=name,
            )
        )
    exporting = (
        named.join(LabelSet, LabelSet.collection_id == Collection.id)
        .join(ExportJob, ExportJob.label_set_id == LabelSet.id)
        .where(ExportJob.state.in_(OPEN_STATES))
    )
    if name := write.scalar(exporting):
        raise ConflictError(
            gettext(
                "An export of %(name)s is queued or running. Wait for its end or cancel it, then "
                "remove.",
                name=name,
            )
        )
    importing = named.join(ImportJob, ImportJob.collection_name == Collection.name)
    if name := write.scalar(importing.where(ImportJob.state.in_(OPEN_STATES))):
        raise ConflictError(
            gettext(
                "An import into %(name)s is queued or running. Wait for its end or cancel it, "
                "then remove.",
                name=name,
            )
        )
