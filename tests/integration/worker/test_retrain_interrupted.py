"""Workers of an analysed collection, killed or stopped in the middle of a retrain."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.support.patience import PATIENCE_S
from tests.support.prepared import COLLECTION, IMAGES, copy_of
from tests.support.server import Server as Process
from tests.support.server import environment, manage
from tests.support.witness import Witness
from workbench.store.results import Prediction
from workbench.store.versions import ActiveVersion, ModelVersion, TrainingRun, WorkerLease


@pytest.fixture
def data_dir(analysed_once: Path, tmp_path: Path) -> Path:
    """A data directory with an active version, which the tests ask a retrain of."""
    return copy_of(analysed_once, tmp_path / "data")


@pytest.fixture
def witness(data_dir: Path) -> Witness:
    return Witness(data_dir)


@contextmanager
def worker(data_dir: Path, name: str) -> Iterator[Process]:
    log = data_dir.parent / f"{name}.log"
    process = Process("worker", log=log, env=environment(data_dir))
    try:
        yield process
    finally:
        process.kill()


def ask_for_a_retrain(data_dir: Path) -> None:
    asked = manage("retrain", "--collection", COLLECTION, "--json", data_dir=data_dir)
    assert json.loads(asked.stdout)["state"] == "queued"


def newest_run(witness: Witness) -> TrainingRun:
    found: TrainingRun = witness.one(select(TrainingRun).order_by(TrainingRun.id.desc()).limit(1))[
        0
    ]
    return found


def wait_until(process: Process, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert process.process.poll() is None, process.output
        assert time.monotonic() < deadline, process.output
        time.sleep(0.01)


def wait_until_explaining(process: Process, witness: Witness) -> None:
    """Until some images are scored; the run's own row says so a second later at most."""
    second = ModelVersion.number == 2
    version = Prediction.version_id.in_(select(ModelVersion.id).where(second))
    wait_until(process, lambda: witness.count(Prediction, version) > 0)
    run = newest_run(witness)
    assert (run.state, run.stage) == ("running", "Computing attributions")


def wait_until_succeeded(process: Process, witness: Witness) -> None:
    wait_until(process, lambda: newest_run(witness).state == "succeeded")


def pid_in(name: str) -> int:
    """A worker's name is `host:pid:token`."""
    return int(name.split(":")[-2])


def what_people_see(data_dir: Path) -> dict[str, Any]:
    """The status, without what it says of the run itself."""
    status: dict[str, Any] = json.loads(manage("status", "--json", data_dir=data_dir).stdout)
    del status["worker"]
    for each in status["collections"]:
        del each["run"]
    return status


def active(witness: Witness) -> int:
    found: int = witness.one(
        select(ModelVersion.number).join(ActiveVersion, ActiveVersion.version_id == ModelVersion.id)
    )[0]
    return found


def predicted(witness: Witness, number: int) -> dict[int, int]:
    """The images that a version has scored, with the shard that holds their maps."""
    rows = witness.rows(
        select(Prediction.image_id, Prediction.shard_id)
        .join(ModelVersion, ModelVersion.id == Prediction.version_id)
        .where(ModelVersion.number == number)
    )
    assert len({image_id for image_id, _shard in rows}) == len(rows)
    return {row[0]: row[1] for row in rows}


def test_a_killed_retrain_is_seen_by_nobody_and_the_next_worker_ends_it(
    data_dir: Path, witness: Witness
) -> None:
    before = what_people_see(data_dir)
    ask_for_a_retrain(data_dir)
    with worker(data_dir, "doomed") as doomed:
        wait_until_explaining(doomed, witness)
        doomed.kill()

    half_done = predicted(witness, 2)
    assert 0 < len(half_done) < IMAGES
    assert active(witness) == 1
    assert what_people_see(data_dir) == before

    with worker(data_dir, "second") as second:
        wait_until_succeeded(second, witness)
        assert "recovered" in second.output
    assert newest_run(witness).attempts == 2
    assert active(witness) == 2
    done = predicted(witness, 2)
    assert len(done) == IMAGES
    assert half_done.items() <= done.items()
    assert witness.one(select(func.count(ModelVersion.id))) == (2,)


def test_a_worker_that_is_asked_to_stop_puts_its_retrain_back(
    data_dir: Path, witness: Witness
) -> None:
    ask_for_a_retrain(data_dir)
    with worker(data_dir, "asked") as asked:
        wait_until_explaining(asked, witness)
        asked.process.send_signal(signal.SIGTERM)
        assert asked.process.wait(PATIENCE_S) == 0

    run = newest_run(witness)
    assert (run.state, run.claimed_by, run.attempts) == ("queued", "", 0)
    assert witness.count(WorkerLease) == 0
    assert active(witness) == 1


def test_of_two_workers_one_works_and_the_other_takes_over_when_it_is_killed(
    data_dir: Path, witness: Witness
) -> None:
    ask_for_a_retrain(data_dir)
    with worker(data_dir, "first") as first, worker(data_dir, "second") as second:
        wait_until_explaining(first, witness)
        name = newest_run(witness).claimed_by
        assert witness.one(select(WorkerLease.holder)) == (name,)
        holder, waiting = (first, second) if pid_in(name) == first.process.pid else (second, first)
        holder.kill()
        wait_until(waiting, lambda: newest_run(witness).attempts == 2)
        assert pid_in(newest_run(witness).claimed_by) == waiting.process.pid
        assert pid_in(witness.one(select(WorkerLease.holder))[0]) == waiting.process.pid
