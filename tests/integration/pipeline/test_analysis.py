"""From imported images to a version with scores, groups, patterns and cells."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.support.fake_encoder import FakeEncoder
from tests.support.working import analyse, claimed
from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT
from workbench.config import Settings
from workbench.services.pipeline import executor, patterns
from workbench.services.progress import Stopping
from workbench.services.runs import queue, requests
from workbench.store.database import db, session
from workbench.store.images import Image
from workbench.store.results import Cell, PixelGroup, Prediction, ResultShard
from workbench.store.versions import ActiveVersion, ModelVersion


class StopsAt:
    """A Progress that ends the process's work at one step, as a signal would."""

    def __init__(self, stage: str, done: int) -> None:
        self._at = (stage, done)

    def advance(self, done: int, _total: int, stage: str) -> None:
        if (stage, done) == self._at:
            raise Stopping


STOPS = (
    ("Encoding images", 32),
    ("Training the distiller", 3),
    ("Computing attributions", 0),
    ("Computing attributions", 32),
    ("Computing layout", 1),
    ("Measuring sensitivity", 0),
    ("Measuring sensitivity", 16),
    ("Writing cells and patterns", 1),
)


def test_an_analysis_goes_on_where_it_was_at_each_interruption(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    run_id = requests.run_for_analysis(imported)
    assert run_id is not None
    for stage, done in STOPS:
        with pytest.raises(Stopping):
            executor.execute(db.engine, claimed(run_id), settings, shown=StopsAt(stage, done))

        assert queue.run(run_id).state == "queued", stage
        assert session().get(ActiveVersion, imported) is None, stage
        session().rollback()
    assert analyse(imported, settings) == "succeeded"
    session().rollback()
    images = session().scalar(
        select(func.count()).select_from(Image).where(Image.collection_id == imported)
    )
    versions = (
        session()
        .scalars(select(ModelVersion.id).where(ModelVersion.collection_id == imported))
        .all()
    )
    assert len(versions) == 1
    assert (
        session().scalar(
            select(func.count()).select_from(Prediction).where(Prediction.version_id == versions[0])
        )
        == images
    )
    counted = func.sum(
        Cell.real_right + Cell.real_called_fake + Cell.fake_right + Cell.fake_called_real
    )
    assert (
        session().scalar(
            select(counted).where(
                Cell.version_id == versions[0],
                Cell.layout == DEFAULT_LAYOUT,
                Cell.level == 0,
            )
        )
        == images
    )


def test_a_failing_run_says_why_and_leaves_nothing_behind(
    imported: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(patterns, "find_patterns", broken)

    assert analyse(imported, settings) == "failed"

    session().rollback()
    run = queue.runs(imported)[0]
    assert run.state == "failed"
    assert run.error == "RuntimeError: the disk is full"
    assert session().get(ActiveVersion, imported) is None
    for table in (ModelVersion, Prediction, PixelGroup, ResultShard):
        assert session().scalar(select(func.count()).select_from(table)) == 0


def test_a_collection_of_one_label_fails_with_a_clear_reason(
    imported: int, settings: Settings
) -> None:
    session().execute(
        Image.__table__.update().where(Image.collection_id == imported).values(label="real")
    )
    session().commit()

    assert analyse(imported, settings) == "failed"
    assert "training images are real" in queue.runs(imported)[0].error
