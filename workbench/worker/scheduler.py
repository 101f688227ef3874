"""The APScheduler process: a lease, a queue of runs, a nightly look at each collection."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from flask import Flask

from workbench.config import Settings
from workbench.services import repeats
from workbench.services.errors import ConflictError
from workbench.services.image import note_replays
from workbench.services.intake import execute, jobs
from workbench.services.interchange import exporting, exports
from workbench.services.pipeline import executor
from workbench.services.progress import Stopping
from workbench.services.removal.finish import finish_left
from workbench.services.runs import lease, processes, queue, schedules
from workbench.services.runs.claims import Claim
from workbench.services.webhooks import removal as webhooks_removal
from workbench.store.database import db
from workbench.worker.deliveries import Deliveries

log = structlog.get_logger()
RENEW_SECONDS = 10
LOOK_SECONDS = 1
PLAN_SECONDS = 60
SWEEP_SECONDS = 600
_NIGHTLY = "nightly:"


class _Waiting(Protocol):
    """A queue of jobs: the module of its services."""

    def recover(self) -> tuple[int, ...]: ...

    def claim_next(self, holder: str) -> Claim | None: ...


class Worker:
    """One worker. Only the holder of the lease works; another one waits until it is free."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._name = processes.new_name()
        self._leading = False
        self._planned: set[schedules.Nightly] = set()
        self._stop = threading.Event()
        self._deliveries = Deliveries(app, settings, self._stop.is_set)
        # The run has a thread of its own, so that the lease is renewed while it works.
        self._scheduler = BlockingScheduler(
            executors={
                "default": ThreadPoolExecutor(2),
                "runs": ThreadPoolExecutor(1),
                # Beside the runs: nobody waits for a night's training to see their images.
                "imports": ThreadPoolExecutor(1),
                "exports": ThreadPoolExecutor(1),
                "replays": ThreadPoolExecutor(1),
                "webhooks": ThreadPoolExecutor(1),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Work until the process is asked to stop by SIGINT or SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        self._renew()
        self._every(RENEW_SECONDS, self._renew)
        self._every(PLAN_SECONDS, self._plan)
        self._every(LOOK_SECONDS, self._work, executor="runs")
        self._every(LOOK_SECONDS, self._import, executor="imports")
        self._every(LOOK_SECONDS, self._export, executor="exports")
        self._every(LOOK_SECONDS, self._replay, executor="replays")
        self._every(LOOK_SECONDS, self._send, executor="webhooks")
        self._every(SWEEP_SECONDS, self._sweep)
        log.info("worker started", name=self._name, leading=self._leading)
        self._plan()
        try:
            self._scheduler.start()
        finally:
            with self._app.app_context():
                lease.give_lease_back(self._name)
            log.info("worker stopped", name=self._name)

    def _every(self, seconds: int, job: Callable[[], None], **options: Any) -> None:
        self._scheduler.add_job(job, "interval", seconds=seconds, id=job.__name__, **options)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stop.set()
        # Not from here: the handler may have interrupted the scheduler while it holds its lock.
        threading.Thread(target=self._scheduler.shutdown, daemon=True).start()

    def _renew(self) -> None:
        with self._app.app_context():
            leading = lease.take_lease(self._name)
        if leading != self._leading:
            log.info("lease", name=self._name, leading=leading)
        self._leading = leading

    def _work(self) -> None:
        """Finish interrupted removals, then take up a run."""
        if not self._may_work():
            return
        with self._app.app_context():
            if removed := finish_left(self._settings):
                log.warning("went on with interrupted removals", removals=removed)
        self._take_up("run", queue, executor.execute)

    def _import(self) -> None:
        self._take_up("import", jobs, execute.execute)

    def _export(self) -> None:
        self._take_up("export", exports, exporting.execute)

    def _may_work(self) -> bool:
        return self._leading and not self._stop.is_set()

    def _take_up(self, kind: str, waiting: _Waiting, perform: Callable[..., str]) -> None:
        """Take up what a dead process left, then do the oldest that waits."""
        if not self._may_work():
            return
        with self._app.app_context():
            for left in waiting.recover():
                log.warning("recovered what a dead process left", kind=kind, id=left)
            claim = waiting.claim_next(self._name)
            if claim is None:
                return
            log.info("started", kind=kind, id=claim.run_id)
            try:
                state = perform(db.engine, claim, self._settings, stop=self._stop)
            except Stopping:
                log.info("put back, the worker stops", kind=kind, id=claim.run_id)
            else:
                log.info("ended", kind=kind, id=claim.run_id, state=state)

    def _replay(self) -> None:
        """Replay notes where somebody has asked for it; a request that was left goes on."""
        if not self._may_work():
            return
        with self._app.app_context():
            if done := note_replays.work(self._stop):
                log.info("notes replayed", notes=done)

    def _send(self) -> None:
        """Make deliveries of what has happened, and send those that are due."""
        if self._may_work():
            self._deliveries.look()

    def _sweep(self) -> None:
        """Remove uploads that were abandoned; exports, deliveries and keys that are old."""
        if self._leading:
            with self._app.app_context():
                jobs.sweep(self._settings)
                exports.sweep(self._settings)
                webhooks_removal.sweep()
                repeats.sweep()

    def _plan(self) -> None:
        """Make the nightly jobs what the schedule table says."""
        with self._app.app_context():
            wanted = set(schedules.nightly(self._settings))
        # Jobs that stay are left alone: put in anew at their very minute, they would miss it.
        for gone in self._planned - wanted:
            self._scheduler.remove_job(_NIGHTLY + str(gone.collection_id))
        for each in wanted - self._planned:
            self._scheduler.add_job(
                self._consider,
                CronTrigger(hour=each.hour, minute=each.minute),
                args=[each.collection_id],
                id=_NIGHTLY + str(each.collection_id),
            )
        self._planned = wanted

    def _consider(self, collection_id: int) -> None:
        """Ask for a retrain when enough was decided since the last."""
        if not self._leading:
            return
        with self._app.app_context():
            if not schedules.is_due(collection_id, self._settings):
                return
            try:
                queue.request_retrain(None, collection_id, trigger="schedule")
            except ConflictError:
                log.info("a run is under way already", collection=collection_id)
