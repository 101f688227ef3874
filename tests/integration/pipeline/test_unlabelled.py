"""Images without a label are scored and shown, and in no training set before a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.support.fake_encoder import FakeEncoder
from tests.support.pictures import draw_collection
from tests.support.working import analyse, retrain
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.explore.filters import Filters, Selection, choose
from workbench.services.explore.review_queue import review_queue
from workbench.services.imports.run import import_images
from workbench.services.models.version_images import images_of
from workbench.services.progress import Silent
from workbench.services.review import verdicts
from workbench.services.review.labels import standing_label
from workbench.services.sources.labels import LabelNames
from workbench.services.sources.options import SourceOptions
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session
from workbench.store.images import Collection, Image
from workbench.store.judgements import Verdict
from workbench.store.outcomes import UNLABELLED
from workbench.store.results import Cell, Prediction
from workbench.store.versions import CuratedItem, ModelVersion

PER_LABEL, WITHOUT = 12, 4


@pytest.fixture
def partly(tables: Flask, settings: Settings, encoder: FakeEncoder, tmp_path: Path) -> Workspace:
    """A collection of which some images have no label, analysed."""
    labelled = draw_collection(tmp_path / "labelled", PER_LABEL)
    import_images(labelled, collection="partly", settings=settings, progress=Silent())
    new = draw_collection(tmp_path / "new", WITHOUT // 2, seed=400)
    for each in sorted(new.rglob("*.png")):
        each.rename(new / each.name)
    report = import_images(
        new,
        collection="partly",
        settings=settings,
        progress=Silent(),
        options=SourceOptions(labels=LabelNames.of(["none"])),
    )
    assert (report.imported, report.unlabelled) == (WITHOUT, WITHOUT)
    found = workspace("partly")
    assert analyse(found.collection.id, settings) == "succeeded"
    return workspace("partly")


def unlabelled_ids() -> list[int]:
    session().rollback()
    return list(session().scalars(select(Image.id).where(Image.label.is_(None)).order_by(Image.id)))


def version_of(found: Workspace) -> ModelVersion:
    assert found.version is not None
    return session().get_one(ModelVersion, found.version.id)


def dataset_labels(version: ModelVersion) -> dict[int, str]:
    rows = session().execute(
        select(CuratedItem.image_id, CuratedItem.label).where(
            CuratedItem.dataset_id == version.dataset_id
        )
    )
    return dict(rows.tuples().all())


def test_they_are_scored_and_placed_but_neither_right_nor_wrong(partly: Workspace) -> None:
    version = version_of(partly)
    rows = session().execute(
        select(Prediction.label, Prediction.outcome, Prediction.p).where(
            Prediction.version_id == version.id, Prediction.image_id.in_(unlabelled_ids())
        )
    )
    found = rows.tuples().all()

    assert len(found) == WITHOUT
    assert {label for label, _outcome, _p in found} == {None}
    for _label, outcome, p in found:
        assert outcome == UNLABELLED[p > 0.5]
    counted = session().execute(
        select(
            func.sum(Cell.unlabelled_called_real + Cell.unlabelled_called_fake),
            func.sum(
                Cell.real_right + Cell.real_called_fake + Cell.fake_right + Cell.fake_called_real
            ),
        ).where(Cell.version_id == version.id, Cell.level == 0, Cell.layout == "balanced")
    )
    assert counted.one() == (WITHOUT, 2 * PER_LABEL)


def test_they_are_in_no_dataset_and_in_no_figure(partly: Workspace) -> None:
    version = version_of(partly)

    assert dataset_labels(version).keys().isdisjoint(unlabelled_ids())
    assert version.dataset.counts["images"] == 2 * PER_LABEL
    assert version.dataset.counts["unlabelled"] == WITHOUT
    assert version.dataset.counts["excluded"] == 0
    figures = version.metrics
    assert figures["n"] + figures["cross_validated"]["n"] == 2 * PER_LABEL
    assert figures["held_out_as_imported"]["n"] == figures["n"]


def test_counts_of_collection_version_and_filter_agree(partly: Workspace) -> None:
    version = version_of(partly)
    collection = session().scalars(select(Collection).where(Collection.name == "partly")).one()

    assert (collection.real, collection.fake, collection.unlabelled) == (12, 12, WITHOUT)
    assert partly.collection.images == 2 * PER_LABEL + WITHOUT
    images = images_of([version.id])[version.id]
    assert (images.images, images.real, images.fake, images.unlabelled) == (28, 12, 12, WITHOUT)
    chosen = choose(version.id, Selection(filters=Filters(label="unlabelled")))
    assert chosen.store.image_ids[chosen.filtered].tolist() == unlabelled_ids()


def test_they_are_queued_behind_the_misclassified_the_least_certain_first(
    partly: Workspace,
) -> None:
    version = version_of(partly)
    queue = review_queue(version.id)
    order = [queue.first()]
    while len(order) < queue.count:
        order.append(queue.after(order[-1] or 0))
    without = unlabelled_ids()
    logits = dict(
        session()
        .execute(
            select(Prediction.image_id, Prediction.logit).where(Prediction.version_id == version.id)
        )
        .tuples()
        .all()
    )

    assert order[-WITHOUT:] == sorted(without, key=lambda each: abs(logits[each]))
    assert set(order[:-WITHOUT]).isdisjoint(without)
    assert queue.before(order[-1] or 0) == order[-2]


def test_a_verdict_gives_a_label_which_the_next_training_learns(
    partly: Workspace, settings: Settings
) -> None:
    ada = accounts.add_user("ada", "long enough a password", "developer").id
    first, second, *_others = unlabelled_ids()
    given = verdicts.give_verdict(ada, first, version_of(partly).id, "fake")
    verdicts.give_verdict(ada, second, version_of(partly).id, "unsure")

    assert given.shown_label is None
    assert given.overturns is None
    assert standing_label(first, None, verdicts.history(first)).label == "fake"
    assert standing_label(second, None, verdicts.history(second)).label is None

    assert retrain(ada, partly.collection.id, settings).state == "succeeded"

    made = version_of(workspace("partly"))
    labels = dataset_labels(made)
    assert labels[first] == "fake"
    assert second not in labels
    assert made.dataset.counts["overturned"] == 0
    assert made.dataset.counts["unlabelled"] == WITHOUT - 1
    assert session().get_one(Prediction, (made.id, first)).label == "fake"
    assert session().scalars(select(Verdict.shown_label)).all() == [None, None]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_pages_offer_both_labels_and_say_that_there_is_none(
    partly: Workspace, tables: Flask, settings: Settings, client: FlaskClient
) -> None:
    tables.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    image_id = unlabelled_ids()[0]

    image = client.get(f"/c/partly/images/{image_id}").text
    overview = client.get("/c/partly/?label=unlabelled").text
    home = client.get("/").text

    assert "imported without a label; not reviewed" in image
    assert "no label in v1" in image
    assert "label: unlabelled" in overview
    assert f"{WITHOUT} unlabelled" in home
