"""Execute a claimed run in this process, whichever process that is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine

from workbench.config import Settings
from workbench.services.pipeline import run
from workbench.services.progress import Progress, Silent, Together
from workbench.services.runs import lease, queue
from workbench.services.runs.progress import Heartbeat, RunProgress
from workbench.store.database import session

POLL_SECONDS = 0.5


def execute(
    engine: Engine,
    run_id: int,
    settings: Settings,
    *,
    shown: Progress | None = None,
    stop: threading.Event | None = None,
) -> str:
    """Do a run that this process has claimed; returns the state it ended in.

    When the process is interrupted the run goes back into the queue, with all that was finished.
    """
    progress = Together(RunProgress(engine, run_id, stop=stop), shown or Silent())
    with Heartbeat(engine, run_id):
        try:
            return run.perform(run_id, settings, progress)
        except BaseException:
            session().rollback()
            queue.release(run_id)
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
        if view.state == "queued" and not lease.worker_alive() and queue.claim(run_id, holder):
            execute(engine, run_id, settings, shown=shown)
        elif view.state in ("queued", "running"):
            if view.total:
                shown.advance(view.done, view.total, view.stage)
            queue.recover()
            sleep(POLL_SECONDS)
        else:
            return view
