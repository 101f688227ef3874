"""Runs: one claimer each, nothing lost by a death, one worker at a time."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.rows import fill_every_table
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.progress import Cancelled, Stopping
from workbench.services.runs import claims, lease, processes, queue, removal
from workbench.services.runs.claims import Claim
from workbench.services.runs.progress import Heartbeat, RunProgress
from workbench.store.database import db, now, session, transaction
from workbench.store.images import Collection
from workbench.store.people import AuditEvent
from workbench.store.results import Cell, Pattern, PixelGroup, Prediction, ResultShard
from workbench.store.versions import ModelVersion, TrainingRun, WorkerLease

Answer = TypeVar("Answer")


@pytest.fixture
def collection(tables: Flask) -> int:
    """The id of a collection; another one lies beside it."""
    with transaction() as current:
        current.add(Collection(name="others"))
        wanted = Collection(name="pictures")
        current.add(wanted)
        current.flush()
        return wanted.id


@pytest.fixture
def queued(collection: int) -> int:
    """The id of a run that waits."""
    return queue.request_retrain(None, collection).id


def dead_process() -> str:
    """The name of a process of this host that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{socket.gethostname()}:{process.pid}:token"


def change(run_id: int, **values: object) -> None:
    with transaction() as current:
        row = current.get_one(TrainingRun, run_id)
        for name, value in values.items():
            setattr(row, name, value)


def claimed(run_id: int) -> Claim:
    claim = queue.claim(run_id, "a")
    assert claim is not None
    return claim


def row_of(run_id: int) -> TrainingRun:
    session().rollback()
    return session().get_one(TrainingRun, run_id, populate_existing=True)


def at_once(app: Flask, *calls: Callable[[], Answer]) -> list[Answer | Exception]:
    """Each call in a thread with an application context of its own, all let go together."""
    start = threading.Barrier(len(calls))
    answers: dict[int, Answer | Exception] = {}

    def do(place: int) -> None:
        with app.app_context():
            db.engine.connect().close()
            start.wait()
            try:
                answers[place] = calls[place]()
            except Exception as error:  # noqa: BLE001 - it is what the test looks at
                answers[place] = error

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(calls))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return [answers[place] for place in range(len(calls))]


# Asking


def test_a_run_that_was_asked_for_waits_and_says_who_wanted_it(
    collection: int, ada: Account
) -> None:
    asked = queue.request_retrain(ada.id, collection)

    assert (asked.state, asked.trigger, asked.requested_by) == ("queued", "request", "ada")
    assert queue.open_run(collection) == asked
    event = session().scalars(select(AuditEvent).where(AuditEvent.action == "run.request")).one()
    assert (event.user_id, event.subject) == (ada.id, f"training_run:{asked.id}")


def test_a_collection_has_one_open_run_and_the_next_when_that_has_ended(
    collection: int, queued: int
) -> None:
    with pytest.raises(ConflictError):
        queue.request_retrain(None, collection)
    claim = claimed(queued)
    with pytest.raises(ConflictError):
        queue.request_retrain(None, collection)
    queue.end(claim, "failed", "why")

    assert queue.request_retrain(None, collection).state == "queued"


def test_another_collections_run_does_not_stand_in_the_way(queued: int) -> None:
    others = session().scalars(select(Collection.id).where(Collection.name == "others")).one()

    assert queue.request_retrain(None, others).id != queued
    assert [each.id for each in queue.runs(others)] != [queued]


def test_of_two_who_ask_at_once_one_is_refused(tables: Flask, collection: int) -> None:
    answers = at_once(tables, *2 * [lambda: queue.request_retrain(None, collection)])

    refused = [each for each in answers if isinstance(each, ConflictError)]
    assert len(refused) == 1
    assert len(queue.runs(collection)) == 1


def test_of_what_is_not_there_no_run_is_made(collection: int) -> None:
    with pytest.raises(NotFoundError):
        queue.request_retrain(None, 10**6)
    with pytest.raises(NotFoundError):
        queue.run(10**6)


# Claiming


def test_of_two_claimers_the_first_has_it(queued: int) -> None:
    assert queue.claim(queued, "a")
    assert not queue.claim(queued, "b")

    assert (row_of(queued).claimed_by, row_of(queued).attempts) == ("a", 1)


def test_of_claimers_at_the_same_moment_one_has_it(tables: Flask, queued: int) -> None:
    answers = at_once(
        tables, *(lambda name=name: queue.claim(queued, name) for name in ("a", "b", "c", "d"))
    )

    taken = [place for place, answer in enumerate(answers) if answer is not None]
    assert len(taken) == 1
    assert row_of(queued).claimed_by == "abcd"[taken[0]]


def test_the_oldest_waiting_run_is_next(queued: int) -> None:
    others = session().scalars(select(Collection.id).where(Collection.name == "others")).one()
    younger = queue.request_retrain(None, others).id

    claims = [queue.claim_next("a") for _ in range(3)]
    assert [each and each.run_id for each in claims] == [queued, younger, None]


# What dead processes leave


def test_a_dead_processs_run_waits_again_and_keeps_what_was_done(queued: int) -> None:
    queue.claim(queued, dead_process())
    change(queued, stage="Computing attributions", done=3)

    assert queue.recover() == (queued,)
    left = row_of(queued)
    assert (left.state, left.claimed_by, left.attempts) == ("queued", "", 1)


def test_a_living_processs_run_is_left_alone(queued: int) -> None:
    queue.claim(queued, processes.new_name())

    assert queue.recover() == ()
    assert row_of(queued).state == "running"


def test_a_process_elsewhere_is_dead_when_it_was_silent_for_long(queued: int) -> None:
    queue.claim(queued, "another-host:1:token")
    before = queue.recover()
    change(queued, heartbeat_at=now() - claims.SILENT_FOR - timedelta(seconds=1))

    assert (before, queue.recover()) == ((), (queued,))


def test_a_run_that_kills_its_process_each_time_is_given_up(queued: int) -> None:
    for _ in range(claims.ATTEMPTS):
        assert row_of(queued).state == "queued"
        queue.claim(queued, dead_process())
        queue.recover()

    given_up = row_of(queued)
    assert given_up.state == "failed"
    assert given_up.error == "The worker process died 3 times during this run."
    assert given_up.finished_at is not None


def test_a_run_that_is_put_back_in_good_order_counts_no_attempt(queued: int) -> None:
    for _ in range(2 * claims.ATTEMPTS):
        queue.release(claimed(queued))

    assert (row_of(queued).state, row_of(queued).attempts) == ("queued", 0)


def test_of_two_who_recover_at_once_none_takes_the_run_from_its_next_claimer(
    tables: Flask, queued: int
) -> None:
    queue.claim(queued, dead_process())

    def recover_and_claim() -> Claim | None:
        queue.recover()
        return queue.claim(queued, processes.new_name())

    answers = at_once(tables, *4 * [recover_and_claim])

    assert sorted(answers, key=str) == [Claim(queued, 2), None, None, None]
    assert row_of(queued).state == "running"


# Ending


@pytest.fixture
def half_made(tables: Flask) -> TrainingRun:
    """A run that has trained and scored a version, and then was put back."""
    fill_every_table()
    with transaction() as current:
        collection = current.scalars(select(Collection.id)).one()
        shown = current.scalars(select(ModelVersion)).one()
        unseen = ModelVersion(
            collection_id=collection,
            number=2,
            parent_id=shown.id,
            dataset_id=shown.dataset_id,
            encoder="fake",
            encoder_fingerprint="f",
            relevance="patch_share",
            dimensions=2,
            weights_id=shown.weights_id,
            metrics={},
        )
        current.add(unseen)
        current.flush()
        for table in (ResultShard, Pattern, PixelGroup, Prediction, Cell):
            row = current.scalars(select(table)).one()
            values = {
                column.name: getattr(row, column.name)
                for column in table.__table__.columns
                if column.name != "id"
            }
            current.add(table(**values | {"version_id": unseen.id}))
        run = TrainingRun(
            collection_id=collection, trigger="request", version_id=unseen.id, attempts=1
        )
        current.add(run)
        current.flush()
    return run


def versions_of(table: type) -> list[int]:
    return sorted(session().scalars(select(table.version_id)))


@pytest.mark.parametrize("ending", ["cancelled", "failed", "given up"])
def test_a_run_that_ends_early_takes_its_unseen_version_along(
    half_made: TrainingRun, ending: str
) -> None:
    if ending == "cancelled":
        user = session().scalars(select(AuditEvent.user_id)).first()
        assert user is not None
        queue.cancel(user, half_made.id)
    elif ending == "failed":
        queue.end(claimed(half_made.id), "failed", "why")
    else:
        change(half_made.id, state="running", attempts=claims.ATTEMPTS, claimed_by=dead_process())
        queue.recover()

    session().rollback()
    assert queue.run(half_made.id).version_number is None
    removal.remove_left()
    ended = queue.run(half_made.id)
    assert ended.state == ("cancelled" if ending == "cancelled" else "failed")
    assert ended.version_number is None
    assert session().scalars(select(ModelVersion.number)).all() == [1]
    for table in (ResultShard, Pattern, PixelGroup, Prediction, Cell):
        assert len(versions_of(table)) == 1


def test_a_waiting_run_is_cancelled_at_once(queued: int, ada: Account) -> None:
    assert queue.cancel(ada.id, queued).state == "cancelled"
    assert not queue.claim(queued, "a")


def test_a_working_run_is_cancelled_at_its_next_step(queued: int, ada: Account) -> None:
    claim = claimed(queued)
    progress = RunProgress(db.engine, claim, every=0.0)
    progress.advance(0, 3, "Encoding images")

    asked = queue.cancel(ada.id, queued)

    assert (asked.state, asked.cancel_requested) == ("running", True)
    session().rollback()
    with pytest.raises(Cancelled):
        progress.advance(1, 3, "Encoding images")


def test_what_has_ended_cannot_be_cancelled(queued: int, ada: Account) -> None:
    queue.cancel(ada.id, queued)

    with pytest.raises(InvalidError, match="already ended"):
        queue.cancel(ada.id, queued)
    with pytest.raises(NotFoundError):
        queue.cancel(ada.id, 10**6)


def test_a_run_is_never_both_cancelled_and_claimed(
    tables: Flask, queued: int, ada: Account
) -> None:
    at_once(tables, lambda: queue.cancel(ada.id, queued), lambda: queue.claim(queued, "a"))

    after = row_of(queued)
    cancelled = after.state == "cancelled" and not after.claimed_by
    told = after.state == "running" and after.cancel_requested
    assert cancelled or told


# Watching


def test_progress_is_written_and_says_how_long_is_left(queued: int) -> None:
    claim = claimed(queued)
    progress = RunProgress(db.engine, claim, every=0.0)
    progress.advance(0, 10, "Computing attributions")
    session().rollback()
    first = queue.run(queued)
    progress.advance(5, 10, "Computing attributions")
    session().rollback()
    half = queue.run(queued)

    assert (first.fraction, first.seconds_left) == (0.0, None)
    assert (half.stage, half.done, half.total, half.fraction) == (
        "Computing attributions",
        5,
        10,
        0.5,
    )
    assert half.seconds_left is not None
    assert 0 <= half.seconds_left < 60


def test_the_time_left_starts_from_the_collections_last_run(
    collection: int, queued: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {"Encoding images": 90.0, "Computing attributions": 10.0}
    change(queued, state="succeeded", stage_seconds=seconds)
    claim = claimed(queue.request_retrain(None, collection).id)
    progress = RunProgress(db.engine, claim, every=0.0)

    moments = iter((0.0, 45.0))
    monkeypatch.setattr("workbench.services.runs.progress.time.monotonic", lambda: next(moments))
    progress.advance(0, 10, "Encoding images")
    session().rollback()
    begun = queue.run(claim.run_id).seconds_left
    progress.advance(5, 10, "Encoding images")
    session().rollback()

    assert begun == pytest.approx(100.0)
    assert queue.run(claim.run_id).seconds_left == pytest.approx(55.0)
    queue.release(claim)
    session().rollback()
    assert queue.run(claim.run_id).seconds_left is None


def test_the_seconds_of_a_stage_are_kept_over_the_death_of_a_process(
    queued: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter((0.0, 4.0, 100.0, 107.0))
    monkeypatch.setattr("workbench.services.runs.progress.time.monotonic", lambda: next(moments))
    for process, (first, last) in enumerate(((0, 3), (3, 10))):
        progress = RunProgress(db.engine, claimed(queued), every=0.0)
        progress.advance(first, 10, "Encoding images")
        progress.advance(last, last if process == 0 else 10, "Encoding images")
        queue.release(Claim(queued, process + 1))

    assert row_of(queued).stage_seconds == {"Encoding images": pytest.approx(11.0)}


def test_a_rate_counts_only_what_this_process_did(
    queued: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = now()
    claim = claimed(queued)
    progress = RunProgress(db.engine, claim, every=0.0)
    for seconds, done in ((0, 80), (10, 90)):
        at = begun + timedelta(seconds=seconds)
        monkeypatch.setattr("workbench.services.runs.progress.now", lambda at=at: at)
        progress.advance(done, 100, "Computing attributions")
    session().rollback()
    resumed = queue.run(queued)

    assert resumed.rate == pytest.approx(1.0)


def test_quick_steps_are_not_all_written_but_the_last_one_is(queued: int) -> None:
    claim = claimed(queued)
    progress = RunProgress(db.engine, claim, every=3600.0)
    seen = []
    for done in range(6):
        progress.advance(done, 5, "Computing attributions")
        seen.append(row_of(queued).done)

    assert seen == [0, 0, 0, 0, 0, 5]


def test_a_process_that_is_to_stop_is_told_before_its_next_step(queued: int) -> None:
    claim = claimed(queued)
    stop = threading.Event()
    progress = RunProgress(db.engine, claim, stop=stop)
    progress.advance(0, 5, "Encoding images")
    stop.set()

    with pytest.raises(Stopping):
        progress.advance(1, 5, "Encoding images")


def test_a_heart_beats_while_a_long_step_goes_on_and_then_no_more(queued: int) -> None:
    claim = claimed(queued)
    long_ago = now() - timedelta(hours=1)
    change(queued, heartbeat_at=long_ago)

    with Heartbeat(db.engine, claim, every=0.01):
        deadline = time.monotonic() + 20
        while row_of(queued).heartbeat_at == long_ago and time.monotonic() < deadline:
            time.sleep(0.01)
    last = row_of(queued).heartbeat_at

    assert last is not None
    assert now() - last < timedelta(minutes=1)
    time.sleep(0.05)
    assert row_of(queued).heartbeat_at == last


def test_a_run_that_has_ended_has_no_heartbeat(queued: int) -> None:
    claim = claimed(queued)
    queue.end(claim, "failed", "why")
    before = row_of(queued).heartbeat_at

    with Heartbeat(db.engine, claim, every=0.01):
        time.sleep(0.1)

    assert row_of(queued).heartbeat_at == before


# The worker's lease


def expire_lease() -> None:
    with transaction() as current:
        current.get_one(WorkerLease, lease.WORKER).expires_at = now() - timedelta(seconds=1)


def test_a_second_worker_is_refused_while_the_first_renews(tables: Flask) -> None:
    assert lease.take_lease("another-host:1:a")
    assert not lease.take_lease("another-host:2:b")
    assert lease.take_lease("another-host:1:a")
    assert lease.worker_alive()


def test_a_lease_that_was_not_renewed_is_free(tables: Flask) -> None:
    lease.take_lease("another-host:1:a")
    expire_lease()
    between = lease.worker_alive()

    assert lease.take_lease("another-host:2:b")
    assert not lease.take_lease("another-host:1:a")
    assert (between, lease.worker_alive()) == (False, True)


def test_a_dead_workers_lease_is_free_at_once(tables: Flask) -> None:
    lease.take_lease(dead_process())
    between = lease.worker_alive()

    assert lease.take_lease(processes.new_name())
    assert (between, lease.worker_alive()) == (False, True)


def test_a_lease_is_given_back_by_its_holder_alone(tables: Flask) -> None:
    lease.take_lease("another-host:1:a")
    lease.give_lease_back("another-host:2:b")
    refused = lease.take_lease("another-host:2:b")
    lease.give_lease_back("another-host:1:a")

    assert not refused
    assert not lease.worker_alive()
    assert lease.take_lease("another-host:2:b")


@pytest.mark.parametrize("before", ["never held", "expired"])
def test_of_workers_that_start_at_once_one_has_the_lease(tables: Flask, before: str) -> None:
    if before == "expired":
        lease.take_lease("another-host:9:gone")
        expire_lease()

    answers = at_once(
        tables, *(lambda n=n: lease.take_lease(f"another-host:{n}:token") for n in range(4))
    )

    assert sorted(answers, key=str) == [False, False, False, True]
    session().rollback()
    held = session().scalars(select(WorkerLease)).one()
    assert held.holder == f"another-host:{answers.index(True)}:token"
    assert session().scalar(select(func.count()).select_from(WorkerLease)) == 1
