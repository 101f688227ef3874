"""Execute a claimed run in this process, whichever process that is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Engine

from workbench.config import Settings
from workbench.services.pipeline import run
from workbench.services.progress import Progress, Silent, Together
from workbench.services.runs import lease, queue
from workbench.services.runs.claims import Claim, ClaimLost
from workbench.services.runs.progress import Heartbeat, RunProgress
from workbench.store.database import session

log = structlog.get_logger()
POLL_SECONDS = 0.5
LOST = "lost"
"""What became of a run that another process has taken over meanwhile."""


def execute(
    engine: Engine,
    claim: Claim,
    settings: Settings,
    *,
    shown: Progress | None = None,
    stop: threading.Event | None = None,
) -> str:
    """Do a run that this process has claimed; returns the state it ended in, or `LOST`.

    When the process is interrupted the run goes back into the queue, with all that was finished.
    """
    progress = Together(RunProgress(engine, claim, stop=stop), shown or Silent())
    with Heartbeat(engine, claim):
        try:
            return run.perform(claim, settings, progress)
        except ClaimLost:
            session().rollback()
            log.warning("another process has taken the run over", run=claim.run_id)
            return LOST
        except BaseException:
            session().rollback()
            queue.release(claim)
            raise


def see_through(
    engine: Engine,
    run_id: int,
    settings: Settings,
    holder: str,
    shown: Progress,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> queue.RunView:
    """Stay with a run until it has ended: watch the worker do it, or do it where there is none."""
    while True:
        session().rollback()
        view = queue.run(run_id)
        free = view.state == "queued" and not lease.worker_alive()
        if free and (claim := queue.claim(run_id, holder)):
            execute(engine, claim, settings, shown=shown)
        elif view.state in ("queued", "running"):
            if view.total:
                shown.advance(view.done, view.total, view.stage)
            queue.recover()
            sleep(POLL_SECONDS)
        else:
            return view
