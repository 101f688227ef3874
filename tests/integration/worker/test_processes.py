"""Real workers, really killed: nothing is half done, and the next one goes on."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.pictures import draw_collection
from tests.support.server import Server as Process
from tests.support.server import environment, manage

PER_LABEL = 24


@pytest.fixture(scope="module")
def imported_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a collection that nobody has analysed."""
    place = tmp_path_factory.mktemp("workers")
    pictures = draw_collection(place / "pictures", PER_LABEL, mislabelled=3)
    done = manage("import", str(pictures), "--collection", "drawn", data_dir=place / "data")
    assert done.returncode == 0, done.stderr
    return place / "data"


@pytest.fixture
def data_dir(imported_once: Path, tmp_path: Path) -> Path:
    """A copy of it, with a run asked for."""
    copy = tmp_path / "data"
    shutil.copytree(imported_once, copy)
    asked = manage("retrain", "--collection", "drawn", "--json", data_dir=copy)
    assert json.loads(asked.stdout)["state"] == "queued"
    return copy


def worker(data_dir: Path, name: str) -> Process:
    # Small batches, so that there is a middle to be killed in.
    return Process(
        "worker",
        log=data_dir.parent / f"{name}.log",
        env=environment(data_dir, batch_size="4"),
    )


def ask(data_dir: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(data_dir / "workbench.sqlite", timeout=PATIENCE_S) as connection:
        return connection.execute(query).fetchall()


def run_of(data_dir: Path) -> tuple[object, ...]:
    return ask(data_dir, "select state, stage, done, total, attempts from training_run")[0]


def wait_until(data_dir: Path, reached: Callable[[tuple[object, ...]], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not reached(run_of(data_dir)):
        assert time.monotonic() < deadline, run_of(data_dir)
        time.sleep(0.05)


def is_encoding(run: tuple[object, ...]) -> bool:
    state, stage, done, total, _attempts = run
    return (
        state == "running" and stage == "Encoding images" and 0 < int(str(done)) < int(str(total))
    )


def has_succeeded(run: tuple[object, ...]) -> bool:
    return run[0] == "succeeded"


def assert_whole(data_dir: Path) -> None:
    """One version, active; each image scored once, and on every level of a layout counted once."""
    images = 2 * PER_LABEL
    assert ask(data_dir, "select number from model_version") == [(1,)]
    assert ask(data_dir, "select count(*) from active_version") == [(1,)]
    assert ask(data_dir, "select count(*), count(distinct image_id) from prediction") == [
        (images, images)
    ]
    by_level = ask(
        data_dir,
        "select distinct sum(real_right + real_called_fake + fake_right + fake_called_real) "
        "from cell group by layout, level",
    )
    assert by_level == [(images,)]


def let_time_pass_unheard(data_dir: Path) -> None:
    """Age the lease and the heartbeat, as a sleep of the machine does."""
    with sqlite3.connect(data_dir / "workbench.sqlite", timeout=PATIENCE_S) as connection:
        connection.execute("update training_run set heartbeat_at = '2020-01-01 00:00:00.000000'")
        connection.execute("update worker_lease set expires_at = '2020-01-01 00:00:00.000000'")


def test_a_worker_that_slept_through_its_claim_changes_nothing_more(data_dir: Path) -> None:
    sleeper = worker(data_dir, "sleeper")
    wait_until(data_dir, is_encoding)
    sleeper.process.send_signal(signal.SIGSTOP)
    let_time_pass_unheard(data_dir)
    second = worker(data_dir, "second")
    try:
        wait_until(data_dir, lambda run: run[4] == 2)
        sleeper.process.send_signal(signal.SIGCONT)
        wait_until(data_dir, has_succeeded)
        deadline = time.monotonic() + PATIENCE_S
        while "taken the run over" not in sleeper.output:
            assert time.monotonic() < deadline, sleeper.output
            time.sleep(0.05)
    finally:
        second.stop()
        sleeper.stop()
    assert_whole(data_dir)
    assert ask(data_dir, "select state, error from training_run") == [("succeeded", "")]
    assert ask(data_dir, "select count(*) from curated_dataset") == [(1,)]
    assert ask(data_dir, "select count(*), count(distinct pixel_hash) from embedding") == [
        (2 * PER_LABEL, 2 * PER_LABEL)
    ]


def test_a_run_survives_the_kill_of_its_worker(data_dir: Path) -> None:
    doomed = worker(data_dir, "doomed")
    wait_until(data_dir, is_encoding)
    doomed.kill()

    status = json.loads(manage("status", "--json", data_dir=data_dir).stdout)
    embedded = ask(data_dir, "select count(*) from embedding")[0][0]
    assert (status["held_out_auc"], status["cells"], status["worker"]) == (None, 0, False)
    assert ask(data_dir, "select count(*) from active_version") == [(0,)]

    second = worker(data_dir, "second")
    try:
        wait_until(data_dir, has_succeeded)
    finally:
        second.stop()
    assert "recovered" in second.output
    assert_whole(data_dir)
    assert run_of(data_dir)[4] == 2
    kept = ask(data_dir, "select count(*) from embedding where shard_id <= 1")[0][0]
    assert 0 < int(str(kept)) <= int(str(embedded)) < 2 * PER_LABEL


def test_an_analysis_that_is_asked_to_stop_goes_on_later_and_counts_as_no_death(
    data_dir: Path,
) -> None:
    analysing = Process(
        *("analyze", "--collection", "drawn"),
        log=data_dir.parent / "analysing.log",
        env=environment(data_dir, batch_size="4"),
    )
    wait_until(data_dir, is_encoding)

    assert analysing.stop() == 1

    assert "run the same command to resume" in analysing.output
    assert "Traceback" not in analysing.output
    assert ask(data_dir, "select state, attempts, claimed_by from training_run") == [
        ("queued", 0, "")
    ]
    assert 0 < int(str(ask(data_dir, "select count(*) from embedding")[0][0])) < 2 * PER_LABEL
