"""The queue of training runs: request, cancel, claim, release, recover, end, and views of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.collections import refuse_leaving
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.runs.claims import (
    Claim,
    ClaimLost,
    end_row,
    give_back,
    is_valid,
    queue_again,
    take,
    take_next,
)
from workbench.services.runs.progress import fraction_of, rate_of
from workbench.services.runs.removal import remove_left
from workbench.store.database import now, session, transaction
from workbench.store.versions import SCORES, TrainingRun

DIED = "The worker process died {times} times during this run."


@dataclass(frozen=True)
class RunView:
    """A run as pages and the command line show it."""

    id: int
    collection_id: int
    state: str
    stage: str
    done: int
    total: int
    fraction: float | None
    seconds_left: float | None
    """Until the run's end; None while nothing is known of it."""
    error: str
    version_number: int | None
    trigger: str
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool
    rate: float | None = None
    """Steps a second in the present stage, mostly images; unknown in its first steps."""


def request_retrain(
    user_id: int | None, collection_id: int, *, trigger: str = "request"
) -> RunView:
    """Queue a run for the worker. Raises ConflictError where one is under way already."""
    with transaction() as write:
        refuse_leaving(write, collection_id)
        if _open_run(collection_id) is not None:
            raise ConflictError(gettext("A run for this collection is already queued or running."))
        wanted = TrainingRun(collection_id=collection_id, trigger=trigger, requested_by_id=user_id)
        write.add(wanted)
        try:
            write.flush()
        except IntegrityError as error:
            raise ConflictError(gettext("A run for this collection was just requested.")) from error
        audit.record(
            write,
            user_id,
            "run.request",
            f"training_run:{wanted.id}",
            concerned=Concerned(collection_id=collection_id),
        )
    return run(wanted.id)


def begin_scores(collection_id: int, holder: str) -> Claim:
    """Start a run that imports scores: this process alone can do it, and has claimed it.

    Raises ConflictError where one is under way.
    """
    with transaction() as write:
        refuse_leaving(write, collection_id)
        if _open_run(collection_id) is not None:
            raise ConflictError(gettext("A run for this collection is already queued or running."))
        begun = TrainingRun(
            collection_id=collection_id,
            trigger=SCORES,
            state="running",
            stage="Starting",
            claimed_by=holder,
            claim=1,
            attempts=1,
            started_at=now(),
            heartbeat_at=now(),
        )
        write.add(begun)
        try:
            write.flush()
        except IntegrityError as error:
            raise ConflictError(gettext("A run for this collection was just requested.")) from error
        return Claim(begun.id, begun.claim)


def cancel(user_id: int, run_id: int) -> RunView:
    """Stop a run: a queued one at once, a running one at its next step."""
    with transaction() as write:
        # Locked: a worker that claims it now either comes first or finds it cancelled.
        wanted = write.get(TrainingRun, run_id, populate_existing=True, with_for_update=True)
        if wanted is None:
            raise NotFoundError(gettext("Run not found."))
        if wanted.state == "queued":
            end_row(write, wanted, "cancelled")
        elif wanted.state == "running":
            wanted.cancel_requested = True
        else:
            raise InvalidError(gettext("This run has already ended."))
        audit.record(
            write,
            user_id,
            "run.cancel",
            f"training_run:{run_id}",
            concerned=Concerned(collection_id=wanted.collection_id),
        )
    return run(run_id)


def end(claim: Claim, state: str, error: str = "") -> None:
    """Write how a run ended that made no version to show. Raises ClaimLost."""
    with transaction() as write:
        ended = write.scalar(select(TrainingRun).where(is_valid(claim)).with_for_update())
        if ended is None:
            raise ClaimLost(claim)
        end_row(write, ended, state, error)


def run(run_id: int) -> RunView:
    """One run. Raises NotFoundError."""
    found = session().get(TrainingRun, run_id, populate_existing=True)
    if found is None:
        raise NotFoundError(gettext("Run not found."))
    return _view(found)


def runs(collection_id: int, limit: int = 20) -> tuple[RunView, ...]:
    """A collection's runs, the newest first."""
    found = session().scalars(
        select(TrainingRun)
        .options(joinedload(TrainingRun.version), joinedload(TrainingRun.requested_by))
        .where(TrainingRun.collection_id == collection_id)
        .order_by(TrainingRun.id.desc())
        .limit(limit)
    )
    return tuple(_view(each) for each in found)


def open_run(collection_id: int) -> RunView | None:
    """The collection's queued or running run."""
    found = _open_run(collection_id)
    return _view(found) if found else None


def _open_run(collection_id: int) -> TrainingRun | None:
    return session().scalar(
        select(TrainingRun).where(
            TrainingRun.collection_id == collection_id,
            TrainingRun.state.in_(("queued", "running")),
        )
    )


def _view(found: TrainingRun) -> RunView:
    fraction = fraction_of(found)
    rate = rate_of(found)
    unseen = found.state in ("failed", "cancelled", "removed")
    return RunView(
        id=found.id,
        collection_id=found.collection_id,
        state=found.state,
        stage=found.stage,
        done=found.done,
        total=found.total,
        fraction=fraction,
        seconds_left=found.seconds_left if found.state == "running" else None,
        error=found.error,
        version_number=found.version.number if found.version and not unseen else None,
        trigger=found.trigger,
        requested_by=found.requested_by.name if found.requested_by else "",
        created_at=found.created_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
        cancel_requested=found.cancel_requested,
        rate=rate,
    )


def claim_next(holder: str) -> Claim | None:
    """Claim the oldest queued run for this process; None where there is none."""
    return take_next(TrainingRun, holder)


def claim(run_id: int, holder: str) -> Claim | None:
    """Claim one queued run; None where it is not queued."""
    return take(TrainingRun, run_id, holder)


def release(claim: Claim) -> None:
    """Put a running run back in the queue."""
    give_back(claim)


def recover() -> tuple[int, ...]:
    """Queue again what dead processes left running; give up what has died too often.

    The work done so far is kept: a run goes on where it was. What ended runs left is removed.
    Returns the runs' ids.
    """
    recovered = queue_again(TrainingRun, DIED)
    remove_left()
    return recovered
