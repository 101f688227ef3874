"""What a run says of itself while it works: its progress and its heartbeat, in its row."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from sqlalchemy import Engine, update
from sqlalchemy.exc import OperationalError

from workbench.services.progress import Cancelled, Stopping
from workbench.services.runs.claims import Claim, ClaimLost, is_valid
from workbench.store.database import WRITING, now
from workbench.store.versions import TrainingRun


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

    def advance(self, done: int, total: int, stage: str) -> None:
        """Note the step. Raises Cancelled or Stopping where somebody asked for that.

        Raises ClaimLost where another process has taken the run over.
        """
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
            wanted = connection.scalar(
                update(TrainingRun)
                .where(is_valid(self._claim))
                .values(**values)
                .returning(TrainingRun.cancel_requested)
            )
        if wanted is None:
            raise ClaimLost(self._claim)
        if wanted:
            raise Cancelled


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
                    update(TrainingRun).where(is_valid(self._claim)).values(heartbeat_at=now())
                )
