"""Training runs: asked for, claimed by one process, watched, cancelled, recovered."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, joinedload

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.progress import Cancelled, Stopping
from workbench.services.runs import processes
from workbench.store.database import WRITING, now, session, transaction
from workbench.store.images import Collection
from workbench.store.results import Cell, Pattern, PixelGroup, Prediction, ResultShard
from workbench.store.versions import ModelVersion, TrainingRun, WorkerLease

SILENT_FOR = timedelta(seconds=120)
"""A run whose process has not been heard of for so long is taken for dead."""
ATTEMPTS = 3
WORKER = "worker"
LEASE = timedelta(seconds=30)


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
    with transaction() as current:
        if current.get(Collection, collection_id) is None:
            raise NotFoundError(gettext("Collection not found."))
        if _open_run(collection_id) is not None:
            raise ConflictError(gettext("A run for this collection is already queued or running."))
        wanted = TrainingRun(collection_id=collection_id, trigger=trigger, requested_by_id=user_id)
        current.add(wanted)
        try:
            current.flush()
        except IntegrityError as error:
            raise ConflictError(gettext("A run for this collection was just requested.")) from error
        audit.record(current, user_id, "run.request", f"training_run:{wanted.id}")
    return run(wanted.id)


def cancel(user_id: int, run_id: int) -> RunView:
    """Stop a run: a queued one at once, a running one at its next step."""
    with transaction() as current:
        # Locked: a worker that claims it now either comes first or finds it cancelled.
        wanted = current.get(TrainingRun, run_id, populate_existing=True, with_for_update=True)
        if wanted is None:
            raise NotFoundError(gettext("Run not found."))
        if wanted.state == "queued":
            _end(current, wanted, "cancelled")
        elif wanted.state == "running":
            wanted.cancel_requested = True
        else:
            raise InvalidError(gettext("This run has already ended."))
        audit.record(current, user_id, "run.cancel", f"training_run:{run_id}")
    return run(run_id)


def end(run_id: int, state: str, error: str = "") -> None:
    """Write how a run ended that made no version to show."""
    with transaction() as current:
        _end(current, current.get_one(TrainingRun, run_id), state, error)


def _end(current: Session, ended: TrainingRun, state: str, error: str = "") -> None:
    """Write how a run ended, and take away its version, which nobody has seen."""
    version_id = ended.version_id
    ended.state, ended.error, ended.finished_at = state, error[:2000], now()
    ended.version_id, ended.claimed_by = None, ""
    current.flush()
    if version_id is not None:
        for table in (Cell, PixelGroup, Pattern, Prediction, ResultShard):
            current.execute(delete(table).where(table.version_id == version_id))
        current.execute(delete(ModelVersion).where(ModelVersion.id == version_id))


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
    fraction = min(found.done / found.total, 1.0) if found.total else None
    rate = _rate(found)
    return RunView(
        id=found.id,
        collection_id=found.collection_id,
        state=found.state,
        stage=found.stage,
        done=found.done,
        total=found.total,
        fraction=fraction,
        seconds_left=max(found.total - found.done, 0) / rate if rate else None,
        error=found.error,
        version_number=found.version.number if found.version else None,
        trigger=found.trigger,
        requested_by=found.requested_by.name if found.requested_by else "",
        created_at=found.created_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
        cancel_requested=found.cancel_requested,
        rate=rate,
    )


def _rate(found: TrainingRun) -> float | None:
    """Of the present stage, by what this process did of it; None before it did anything."""
    done = found.done - found.stage_started_done
    if found.state != "running" or done <= 0 or not found.stage_started_at:
        return None
    spent = ((found.heartbeat_at or now()) - found.stage_started_at).total_seconds()
    return done / max(spent, 1e-3)


def claim_next(holder: str) -> int | None:
    """Claim the oldest queued run for this process; None where there is none."""
    with transaction() as current:
        oldest = current.scalar(
            select(TrainingRun.id)
            .where(TrainingRun.state == "queued")
            .order_by(TrainingRun.id)
            .limit(1)
        )
    return oldest if oldest is not None and claim(oldest, holder) else None


def claim(run_id: int, holder: str) -> bool:
    """Take a queued run: a conditional update, so that of two claimers one has it."""
    moment = now()
    with transaction() as current:
        taken = current.execute(
            update(TrainingRun)
            .where(TrainingRun.id == run_id, TrainingRun.state == "queued")
            .values(
                state="running",
                claimed_by=holder,
                attempts=TrainingRun.attempts + 1,
                started_at=func.coalesce(TrainingRun.started_at, moment),
                heartbeat_at=moment,
                stage="Starting",
                done=0,
                total=0,
                error="",
            )
            .execution_options(synchronize_session=False)
        )
        return bool(taken.rowcount)  # type: ignore[attr-defined]


def release(run_id: int) -> None:
    """Put a running run back in the queue: its process was asked to stop and stops well."""
    with transaction() as current:
        current.execute(
            update(TrainingRun)
            .where(TrainingRun.id == run_id, TrainingRun.state == "running")
            .values(state="queued", claimed_by="", attempts=TrainingRun.attempts - 1)
        )


def recover() -> tuple[int, ...]:
    """Queue again what dead processes left running; give up what has died too often.

    The work done so far is kept: a run goes on where it was. Returns the runs' ids.
    """
    with transaction() as current:
        # Locked: what another process has just queued again, and a third claimed, is not left.
        running = current.scalars(
            select(TrainingRun)
            .where(TrainingRun.state == "running")
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        left = [each for each in running if _is_left(each)]
        for each in left:
            if each.attempts >= ATTEMPTS:
                died = f"The worker process died {each.attempts} times during this run."
                _end(current, each, "failed", died)
            else:
                each.state, each.claimed_by = "queued", ""
        return tuple(each.id for each in left)


def _is_left(each: TrainingRun) -> bool:
    heard = each.heartbeat_at or each.created_at
    return processes.is_known_dead(each.claimed_by) or now() - heard > SILENT_FOR


class RunProgress:
    """Writes a run's progress to its row, at most once a second, and obeys a cancellation.

    Uses a connection of its own: the work's session may be in the middle of reading. `stop`, when
    set, ends the process's work on the run at its next step.
    """

    def __init__(
        self,
        engine: Engine,
        run_id: int,
        *,
        stop: threading.Event | None = None,
        every: float = 1.0,
    ) -> None:
        self._engine = engine.execution_options(**{WRITING: True})
        self._run_id = run_id
        self._stop = stop
        self._every = every
        self._written_at = 0.0
        self._stage = ""

    def advance(self, done: int, total: int, stage: str) -> None:
        """Note the step. Raises Cancelled or Stopping where somebody asked for that."""
        if self._stop is not None and self._stop.is_set():
            raise Stopping
        changed = stage != self._stage
        moment = time.monotonic()
        if not changed and done < total and moment - self._written_at < self._every:
            return
        self._written_at, self._stage = moment, stage
        values: dict[str, object] = {
            "done": done,
            "total": total,
            "stage": stage,
            "heartbeat_at": now(),
        }
        if changed:
            values |= {"stage_started_at": now(), "stage_started_done": done}
        with self._engine.begin() as connection:
            connection.execute(
                update(TrainingRun).where(TrainingRun.id == self._run_id).values(**values)
            )
            wanted = connection.scalar(
                select(TrainingRun.cancel_requested).where(TrainingRun.id == self._run_id)
            )
        if wanted:
            raise Cancelled


class Heartbeat:
    """While entered, says every few seconds that this process still works on the run.

    A thread of its own, because a single step (a layout, a clustering) may take minutes.
    """

    def __init__(self, engine: Engine, run_id: int, *, every: float = 10.0) -> None:
        self._engine = engine.execution_options(**{WRITING: True})
        self._run_id = run_id
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(self._every):
            # A missed beat is made up by the next; the work itself must not fail by it.
            with suppress(OperationalError), self._engine.begin() as connection:
                connection.execute(
                    update(TrainingRun)
                    .where(TrainingRun.id == self._run_id, TrainingRun.state == "running")
                    .values(heartbeat_at=now())
                )


def worker_alive() -> bool:
    """Whether a worker holds the lease and renews it."""
    lease = session().get(WorkerLease, WORKER, populate_existing=True)
    return (
        lease is not None and lease.expires_at > now() and not processes.is_known_dead(lease.holder)
    )


def take_lease(holder: str) -> bool:
    """Become, or stay, the one worker; False while another one is alive."""
    with transaction() as current:
        # Locked: of two workers that find it free at the same moment, the second finds it taken.
        lease = current.get(WorkerLease, WORKER, populate_existing=True, with_for_update=True)
        if lease is None:
            current.add(WorkerLease(name=WORKER, holder=holder, expires_at=now() + LEASE))
            try:
                current.flush()
            except IntegrityError:
                current.rollback()
                return False
            return True
        free = lease.expires_at <= now() or processes.is_known_dead(lease.holder)
        if lease.holder != holder and not free:
            return False
        lease.holder, lease.expires_at = holder, now() + LEASE
        return True


def give_lease_back(holder: str) -> None:
    """Let the next worker start at once."""
    with transaction() as current:
        lease = current.get(WorkerLease, WORKER, populate_existing=True)
        if lease is not None and lease.holder == holder:
            current.delete(lease)
