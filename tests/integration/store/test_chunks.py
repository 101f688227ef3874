"""Many rows are written in short transactions; a removal that was cut short is continued."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from tests.support.queries import in_write_transactions
from tests.support.rows import fill_every_table
from workbench.services.runs import queue
from workbench.services.runs.removal import remove_left
from workbench.store import chunks
from workbench.store.chunks import change_in_chunks, write_in_chunks
from workbench.store.database import session, transaction
from workbench.store.results import Cell, Pattern, PixelGroup, Prediction, ResultShard
from workbench.store.versions import (
    ActiveVersion,
    CuratedDataset,
    CuratedItem,
    ModelVersion,
    TrainingRun,
)

GROUPS = 25


@pytest.fixture
def version_id(tables: Flask, monkeypatch: pytest.MonkeyPatch) -> int:
    """A version with one image of `GROUPS` groups and chunks of ten rows."""
    fill_every_table()
    monkeypatch.setattr(chunks, "ROWS", 10)
    with transaction() as write:
        known = write.scalars(select(PixelGroup)).one()
        values = {
            column.name: getattr(known, column.name)
            for column in PixelGroup.__table__.columns
            if column.name not in ("id", "number")
        }
        write.add_all(PixelGroup(**values, number=number) for number in range(1, GROUPS))
        return known.version_id


def begun(statements: list[str], word: str) -> int:
    return sum(each.startswith(word) for each in statements)


def test_rows_are_written_in_order_a_chunk_a_transaction(version_id: int) -> None:
    seen: list[list[int]] = []

    write_in_chunks(range(GROUPS), lambda _write, rows: seen.append(list(rows)), size=10)

    assert seen == [list(range(10)), list(range(10, 20)), list(range(20, 25))]


def test_an_update_in_chunks_reaches_every_row_and_no_other(version_id: int) -> None:
    statement = update(PixelGroup).values(contribution=7.0)

    with in_write_transactions() as sent:
        change_in_chunks(statement, PixelGroup.number, PixelGroup.number != 3)

    session().rollback()
    changed = dict(
        session().execute(select(PixelGroup.number, PixelGroup.contribution)).tuples().all()
    )
    assert {number for number, value in changed.items() if value != 7} == {3}
    assert begun(sent, "UPDATE") == 3


def test_rows_of_one_key_are_deleted_together(version_id: int) -> None:
    with in_write_transactions() as sent:
        change_in_chunks(delete(PixelGroup), PixelGroup.image_id, PixelGroup.number >= 2)

    session().rollback()
    # The groups are checked by people: those rows refer to group 0 alone.
    assert session().scalars(select(PixelGroup.number).order_by(PixelGroup.number)).all() == [0, 1]
    assert begun(sent, "DELETE") == 2  # all of the image's, and once more above it


def test_nothing_to_change_is_one_transaction(version_id: int) -> None:
    with in_write_transactions() as sent:
        change_in_chunks(delete(Cell), Cell.id, Cell.version_id == 10**6)

    assert begun(sent, "DELETE") == 1


# Removal


@pytest.fixture
def cancelled(version_id: int) -> int:
    """A run that was put back with a half-made version, and then cancelled; its version's id."""
    with transaction() as write:
        shown = write.get_one(ModelVersion, version_id)
        dataset = CuratedDataset(collection_id=shown.collection_id, sha256="4" * 64, counts={})
        write.add(dataset)
        write.flush()
        unseen = ModelVersion(
            collection_id=shown.collection_id,
            number=2,
            dataset_id=dataset.id,
            encoder="fake",
            encoder_fingerprint="f",
            relevance="patch_share",
            dimensions=2,
            weights_id=shown.weights_id,
            metrics={},
        )
        write.add(unseen)
        write.flush()
        image_id = write.scalars(select(Prediction.image_id)).one()
        write.add(
            CuratedItem(
                dataset_id=dataset.id, image_id=image_id, label="real", weight=1.0, held_out=False
            )
        )
        for table in (ResultShard, Pattern, PixelGroup, Prediction, Cell):
            for row in write.scalars(select(table).where(table.version_id == version_id)).all():
                values = {
                    column.name: getattr(row, column.name)
                    for column in table.__table__.columns
                    if column.name != "id"
                }
                write.add(table(**values | {"version_id": unseen.id}))
        run = TrainingRun(
            collection_id=shown.collection_id,
            trigger="request",
            state="cancelled",
            version_id=unseen.id,
            dataset_id=dataset.id,
        )
        write.add(run)
        write.flush()
        return unseen.id


def left_of(version_id: int) -> int:
    session().rollback()
    return sum(
        session().scalar(
            select(func.count()).select_from(table).where(table.version_id == version_id)
        )
        or 0
        for table in (ResultShard, Pattern, PixelGroup, Prediction, Cell)
    )


def test_what_a_cancelled_run_left_goes_version_and_dataset_and_nothing_else(
    version_id: int, cancelled: int
) -> None:
    before = left_of(version_id)

    remove_left()

    assert left_of(cancelled) == 0
    assert left_of(version_id) == before
    assert session().scalars(select(ModelVersion.id)).all() == [version_id]
    assert session().scalar(select(func.count()).select_from(CuratedDataset)) == 1
    assert session().scalar(select(func.count()).select_from(CuratedItem)) == 1
    assert session().get_one(ActiveVersion, 1).version_id == version_id


@pytest.mark.parametrize("kept", range(1, 7))
def test_a_removal_that_was_cut_short_is_continued(
    cancelled: int, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """Cut at its n-th chunk; until the end the version's row and the run's mark stay."""
    turns = iter(range(100))
    turn = chunks._turn

    def cut(**options: bool) -> object:
        if next(turns) == kept:
            raise KeyboardInterrupt
        return turn(**options)

    monkeypatch.setattr(chunks, "_turn", cut)
    with pytest.raises(KeyboardInterrupt):
        remove_left()
    session().rollback()
    run = session().scalars(select(TrainingRun).where(TrainingRun.state == "cancelled")).one()
    assert queue.run(run.id).version_number is None
    assert run.dataset_id is not None
    monkeypatch.setattr(chunks, "_turn", turn)

    queue.recover()

    assert left_of(cancelled) == 0
    session().rollback()
    assert (run.version_id, run.dataset_id) == (None, None)
    assert session().get(ModelVersion, cancelled) is None
