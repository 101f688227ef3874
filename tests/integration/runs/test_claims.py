"""A process that lost its claim on a run changes nothing: no row, no file, not how the run ends."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

import workbench
from workbench.files import write_sealed
from workbench.services.runs import queue
from workbench.services.runs.claims import Claim, ClaimLost, held
from workbench.services.runs.progress import Heartbeat, RunProgress
from workbench.store.chunks import write_in_chunks
from workbench.store.database import db, session, transaction
from workbench.store.images import Collection
from workbench.store.versions import TrainingRun


@pytest.fixture
def claim(tables: Flask) -> Claim:
    """A claim on a run that waits for nothing but its process."""
    with transaction() as write:
        collection = Collection(name="pictures")
        write.add(collection)
        write.flush()
        collection_id = collection.id
    return claimed(queue.request_retrain(None, collection_id).id)


@pytest.fixture
def lost(claim: Claim) -> Claim:
    """The same, after another process has taken the run over."""
    queue.release(claim)
    claimed(claim.run_id)
    return claim


def claimed(run_id: int) -> Claim:
    found = queue.claim(run_id, "here:1:test")
    assert found is not None
    return found


def run_of(claim: Claim) -> dict[str, object]:
    session().rollback()
    row = session().get_one(TrainingRun, claim.run_id, populate_existing=True)
    return {column.name: getattr(row, column.name) for column in TrainingRun.__table__.columns}


def add_a_collection() -> None:
    with transaction() as write:
        write.add(Collection(name="written by the run"))


def collections() -> int:
    session().rollback()
    return session().scalar(select(func.count()).select_from(Collection)) or 0


def test_every_claim_has_a_higher_number_also_after_it_was_given_back(claim: Claim) -> None:
    numbers = [claim.number]
    for _ in range(3):
        queue.release(claim)
        claim = claimed(claim.run_id)
        numbers.append(claim.number)

    assert numbers == [1, 2, 3, 4]


def test_who_holds_the_run_writes(claim: Claim) -> None:
    with held(claim):
        add_a_collection()

    assert collections() == 2


@pytest.mark.parametrize("why", ["taken over", "queued again", "ended"])
def test_who_lost_the_run_writes_nothing(claim: Claim, why: str) -> None:
    if why == "ended":
        queue.end(claim, "failed", "why")
    else:
        queue.release(claim)
    if why == "taken over":
        claimed(claim.run_id)

    with held(claim), pytest.raises(ClaimLost):
        add_a_collection()
    with held(claim), pytest.raises(ClaimLost):
        write_in_chunks([1, 2], lambda write, _rows: write.add(Collection(name="by chunk")))

    assert collections() == 1
    add_a_collection()  # no longer for the run
    assert collections() == 2


@pytest.mark.parametrize(
    "do",
    [
        lambda claim: RunProgress(db.engine, claim).advance(1, 2, "Encoding images"),
        lambda claim: queue.end(claim, "failed", "why"),
    ],
)
def test_who_lost_the_run_is_told_and_leaves_its_row_alone(
    lost: Claim, do: Callable[[Claim], object]
) -> None:
    before = run_of(lost)

    with pytest.raises(ClaimLost):
        do(lost)

    assert run_of(lost) == before


def test_who_lost_the_run_neither_gives_it_back_nor_keeps_it_alive(lost: Claim) -> None:
    before = run_of(lost)

    queue.release(lost)
    with Heartbeat(db.engine, lost, every=0.01):
        threading.Event().wait(0.1)

    assert run_of(lost) == before


def test_a_file_gets_its_name_only_from_who_holds_the_run(lost: Claim, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "columns"
    path.parent.mkdir()
    path.write_bytes(b"of the new holder")

    with held(lost), pytest.raises(ClaimLost):
        write_sealed(path, b"of the old one", transaction)

    assert path.read_bytes() == b"of the new holder"
    assert list(path.parent.iterdir()) == [path]


def test_nobody_takes_a_run_over_between_a_check_and_its_commit(
    tables: Flask, claim: Claim
) -> None:
    order: list[str] = []

    def take_over() -> None:
        with tables.app_context():
            queue.release(claim)
            order.append("taken over")

    other = threading.Thread(target=take_over)
    with held(claim), transaction() as write:
        other.start()
        other.join(0.3)
        write.add(Collection(name="written by the run"))
        order.append("written")
    other.join()

    assert order == ["written", "taken over"]


def test_all_writes_go_through_the_transaction_that_checks() -> None:
    """`transaction` is the only way to commit; what a run says of itself has its own condition."""
    root = Path(workbench.__file__).parent
    committing = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "begin")
    }

    assert committing == {"store/database.py", "store/migrating.py", "services/runs/progress.py"}
