"""What a run says of itself while it works: its progress and its heartbeat, in its row."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import OperationalError

from workbench.services.progress import Cancelled, Stopping
from workbench.services.runs.claims import Claim, ClaimLost, is_valid
from workbench.services.runs.stages import shares_of
from workbench.services.runs.time_left import TimeLeft
from workbench.store.database import WRITING, now
from workbench.store.jobs import Job


class RunProgress:
    """Writes a run's progress to its row, at most once a second, and obeys a cancellation.

    Uses a connection of its own: the work's session may be in the middle of reading. `stop`, when
    set, ends the process's work on the run at its next step.
    """

    def __init__(
        self,
        engine: Engine,
        claim: Claim,
        *,
        stop: threading.Event | None = None,
        every: float = 1.0,
    ) -> None:
        self._engine = engine.execution_options(**{WRITING: True})
        self._claim = claim
        self._stop = stop
        self._every = every
        self._written_at = 0.0
        self._stage = ""
        self._stage_began = 0.0
        self._stage_seconds: dict[str, float] = {}
        self._time_left: TimeLeft | None = None

    def advance(self, done: int, total: int, stage: str) -> None:
        """Note the step. Raises Cancelled or Stopping where somebody asked for that.

        Raises ClaimLost where another process has taken the run over.
        """
        if self._stop is not None and self._stop.is_set():
            raise Stopping
        changed = stage != self._stage
        moment = time.monotonic()
        left = self._estimator().advance(done, total, stage, moment)
        if not changed and done < total and moment - self._written_at < self._every:
            return
        if changed:
            self._close_stage(moment)
            self._stage, self._stage_began = stage, moment
        elif done >= total:
            self._close_stage(moment)
        self._written_at = moment
        values: dict[str, object] = {
            "done": done,
            "total": total,
            "stage": stage,
            "heartbeat_at": now(),
            "seconds_left": left,
            "stage_seconds": self._stage_seconds,
        }
        if changed:
            values |= {"stage_started_at": now(), "stage_started_done": done}
        with self._engine.begin() as connection:
            wanted = connection.scalar(
                update(self._claim.table)
                .where(is_valid(self._claim))
                .values(**values)
                .returning(self._claim.table.cancel_requested)
            )
        if wanted is None:
            raise ClaimLost(self._claim)
        if wanted:
            raise Cancelled

    def _close_stage(self, moment: float) -> None:
        """Add the time since the stage began, or since this was called last."""
        if self._stage:
            spent = self._stage_seconds.get(self._stage, 0.0) + moment - self._stage_began
            self._stage_seconds = self._stage_seconds | {self._stage: spent}
            self._stage_began = moment

    def _estimator(self) -> TimeLeft:
        if self._time_left is None:
            table, run_id = self._claim.table, self._claim.run_id
            with self._engine.connect() as connection:
                own = select(table.stage_seconds).where(table.id == run_id)
                worked: dict[str, float] = connection.execute(own).scalar_one()
                last = connection.scalar(
                    select(table.stage_seconds)
                    .where(table.like(run_id), table.state == "succeeded")
                    .order_by(table.id.desc())
                    .limit(1)
                )
            self._stage_seconds = worked
            self._time_left = TimeLeft(last or None, shares_of(table))
        return self._time_left


class Heartbeat:
    """While entered, says every few seconds that this process still works on the run.

    A thread of its own, because a single step (a layout, a clustering) may take minutes.
    """

    def __init__(self, engine: Engine, claim: Claim, *, every: float = 10.0) -> None:
        self._engine = engine.execution_options(**{WRITING: True})
        self._claim = claim
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
                    update(self._claim.table)
                    .where(is_valid(self._claim))
                    .values(heartbeat_at=now())
                )


def fraction_of(found: Job) -> float | None:
    """How much of the present stage is done, in [0, 1]; None while nothing is known of it."""
    return min(found.done / found.total, 1.0) if found.total else None


def rate_of(found: Job) -> float | None:
    """Of the present stage, by what this process did of it; None before it did anything."""
    done = found.done - found.stage_started_done
    if found.state != "running" or done <= 0 or not found.stage_started_at:
        return None
    spent = ((found.heartbeat_at or now()) - found.stage_started_at).total_seconds()
    return done / max(spent, 1e-3)
