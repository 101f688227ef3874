"""What a version shows of an image comes from a head that was not trained on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, update

from tests.support.fake_encoder import FakeEncoder
from tests.support.pictures import draw_collection
from tests.support.scored import head_of
from tests.support.working import analyse, retrain
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.encoding.states import states_of
from workbench.services.imports.run import import_images
from workbench.services.models.versions import versions
from workbench.services.models.weights import load_heads
from workbench.services.progress import Silent
from workbench.services.review import verdicts
from workbench.services.runs import queue
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import Prediction
from workbench.store.versions import CuratedItem, ModelVersion

on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])
"""What is asked of the database is asked on both by the other tests."""


def newest(collection_id: int) -> ModelVersion:
    session().rollback()
    return (
        session()
        .scalars(
            select(ModelVersion)
            .where(ModelVersion.collection_id == collection_id)
            .order_by(ModelVersion.number.desc())
            .limit(1)
        )
        .one()
    )


def folds(version: ModelVersion) -> dict[int, int | None]:
    """The fold that each image was scored by."""
    rows = session().execute(
        select(Prediction.image_id, Prediction.fold).where(Prediction.version_id == version.id)
    )
    return dict(rows.tuples().all())


def memorised(version: ModelVersion) -> list[int]:
    """The images whose score comes from a head that was trained on them."""
    rows = session().execute(
        select(CuratedItem.image_id, CuratedItem.fold, Prediction.fold)
        .join(Prediction, Prediction.image_id == CuratedItem.image_id)
        .where(
            CuratedItem.dataset_id == version.dataset_id,
            Prediction.version_id == version.id,
            CuratedItem.held_out.is_(False),
        )
    )
    return [image_id for image_id, own, scored_by in rows if own is None or own != scored_by]


def a_training_image(collection_id: int, label: str = "real") -> int:
    return (
        session()
        .scalars(
            select(Image.id)
            .where(
                Image.collection_id == collection_id,
                Image.label == label,
                Image.held_out.is_(False),
            )
            .order_by(Image.id.desc())
            .limit(1)
        )
        .one()
    )


@pytest.mark.analysed
def test_training_images_are_scored_by_their_folds_head_and_others_by_the_final_one(
    analysed: Workspace, settings: Settings, encoder: FakeEncoder
) -> None:
    version = newest(analysed.collection.id)
    ids = session().scalars(select(Image.id).where(Image.collection_id == analysed.collection.id))
    states = states_of(
        analysed.collection.id, list(ids), frozenset({"patch_tokens"}), encoder, settings
    )
    held_out = set(
        session().scalars(
            select(Image.id).where(Image.collection_id == analysed.collection.id, Image.held_out)
        )
    )

    assert memorised(version) == []
    assert {image_id for image_id, fold in folds(version).items() if fold is None} == held_out
    for image_ids, state in states:
        for row, image_id in enumerate(image_ids):
            prediction = session().get_one(Prediction, (version.id, image_id))
            head = head_of(version.id, image_id, settings)
            own = head.dimensions_of(encoder, state.subset(slice(row, row + 1)))
            assert prediction.logit == pytest.approx(float(head.logit_of(own)), abs=1e-4)


@pytest.mark.analysed
def test_a_versions_cross_validated_figures_are_those_of_what_its_pages_show(
    analysed: Workspace,
) -> None:
    version = newest(analysed.collection.id)
    shown = session().execute(
        select(Prediction.label, Prediction.logit)
        .join(Image)
        .where(Prediction.version_id == version.id, Image.held_out.is_(False))
    )
    right = [(logit > 0) == (label == "fake") for label, logit in shown]

    found = version.metrics["cross_validated"]
    assert found["n"] == len(right)
    assert found["accuracy"] == pytest.approx(np.mean(right))
    assert found["auc_low"] <= found["auc"] <= found["auc_high"]
    assert version.metrics["folds"] == {"count": 5, "by": "group"}


@pytest.mark.analysed
def test_a_retrain_keeps_the_folds_of_images_that_stay(
    analysed: Workspace, ada: Account, settings: Settings
) -> None:
    before = folds(newest(analysed.collection.id))

    assert retrain(ada.id, analysed.collection.id, settings).state == "succeeded"

    made = newest(analysed.collection.id)
    assert folds(made) == before
    assert memorised(made) == []


@pytest.mark.analysed
def test_an_excluded_image_is_not_scored_by_weights_that_learned_it_before(
    analysed: Workspace, ada: Account, settings: Settings
) -> None:
    collection_id = analysed.collection.id
    first = newest(collection_id)
    image_id = a_training_image(collection_id)
    fold = folds(first)[image_id]
    assert fold is not None
    given = verdicts.give_verdict(ada.id, image_id, first.id, "exclude")

    retrain(ada.id, collection_id, settings)
    without = newest(collection_id)
    listed = session().get(CuratedItem, (without.dataset_id, image_id))
    verdicts.withdraw_verdict(ada.id, given.id)
    retrain(ada.id, collection_id, settings)

    # The final head started from the parent's, which had learned it; its fold's never did.
    assert listed is None
    assert folds(without)[image_id] == fold
    assert folds(newest(collection_id))[image_id] == fold


@on_sqlite
@pytest.mark.analysed
def test_a_version_from_before_cross_fitting_teaches_no_head_of_a_fold(
    analysed: Workspace, ada: Account, settings: Settings
) -> None:
    first = newest(analysed.collection.id)
    with transaction() as write:
        write.execute(update(Prediction).values(fold=None))
        write.execute(update(CuratedItem).values(fold=None))
        old = write.get_one(ModelVersion, first.id)
        old.metrics = {
            name: each
            for name, each in old.metrics.items()
            if name not in ("cross_validated", "folds", "held_out_as_imported")
        }

    assert retrain(ada.id, analysed.collection.id, settings).state == "succeeded"

    made = newest(analysed.collection.id)
    assert made.parent_id == first.id
    assert memorised(made) == []
    assert sorted(load_heads(made, settings).folds) == [0, 1, 2, 3, 4]


@on_sqlite
@pytest.mark.analysed
def test_what_relabelling_does_to_the_test_sets_figures_stands_beside_what_they_were_as_imported(
    analysed: Workspace, ada: Account, settings: Settings
) -> None:
    collection_id = analysed.collection.id
    before = newest(collection_id)
    surest = (
        session()
        .scalars(
            select(Prediction.image_id)
            .join(Image)
            .where(Prediction.version_id == before.id, Image.held_out, Image.label == "fake")
            .order_by(Prediction.logit.desc())
            .limit(1)
        )
        .one()
    )
    verdicts.give_verdict(ada.id, surest, before.id, "real")

    retrain(ada.id, collection_id, settings)

    metrics, imported = before.metrics, newest(collection_id).metrics["held_out_as_imported"]
    assert metrics["held_out_as_imported"]["auc"] == metrics["held_out_auc"]
    # The same images under the same model; the label alone costs this much.
    after = newest(collection_id).metrics
    assert imported["n"] == after["n"] == metrics["n"]
    assert (
        after["held_out_auc"] < imported["auc"] == pytest.approx(metrics["held_out_auc"], abs=0.1)
    )
    assert after["parent_auc"] < metrics["held_out_auc"]


# Few images


def listed(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    """A manifest of drawn pictures: name, group, split."""
    draw_collection(folder, 12)
    lines = ["path,label,group,split"]
    lines += [f"{name},{name.split('/')[0]},{group},{split}" for name, group, split in rows]
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines))
    return path


def named(label: str, count: int) -> list[str]:
    return [f"{label}/{label}-{number:03}.png" for number in range(count)]


def analysed_rows(
    settings: Settings, folder: Path, rows: list[tuple[str, str, str]]
) -> tuple[int, str]:
    """Import these pictures and analyse them; the collection and the state of the run."""
    import_images(listed(folder, rows), collection="few", settings=settings, progress=Silent())
    collection_id = workspace("few").collection.id
    return collection_id, analyse(collection_id, settings)


@on_sqlite
@pytest.mark.usefixtures("tables", "encoder")
def test_one_image_fails_with_a_reason(settings: Settings, tmp_path: Path) -> None:
    collection_id, state = analysed_rows(
        settings, tmp_path / "few", [("real/real-000.png", "one", "train")]
    )

    assert state == "failed"
    assert "both real and fake images" in queue.runs(collection_id)[0].error


@on_sqlite
@pytest.mark.usefixtures("tables", "encoder")
@pytest.mark.parametrize(
    ("rows", "by"),
    [
        pytest.param(
            [(name, name, "train") for label in ("real", "fake") for name in named(label, 5)],
            "group",
            id="ten images",
        ),
        pytest.param(
            [(name, "all", "train") for label in ("real", "fake") for name in named(label, 6)],
            "image",
            id="all images of one group",
        ),
        pytest.param(
            [(name, "video", "train") for name in named("real", 6)]
            + [(name, name, "train") for name in named("fake", 6)],
            "image",
            id="all reals of one group",
        ),
        pytest.param(
            [("real/real-000.png", "one", "train")]
            + [(name, name, "train") for name in named("fake", 9)],
            "image",
            id="one real image",
        ),
    ],
)
def test_few_images_have_a_defined_result(
    settings: Settings, tmp_path: Path, rows: list[tuple[str, str, str]], by: str
) -> None:
    collection_id, state = analysed_rows(settings, tmp_path / "few", rows)

    assert (state, queue.runs(collection_id)[0].error) == ("succeeded", "")
    version = newest(collection_id)
    assert memorised(version) == []
    assert version.metrics["folds"]["by"] == by
    assert version.metrics["cross_validated"]["n"] == len(rows)
    logits = session().scalars(select(Prediction.logit)).all()
    assert len(logits) == len(rows)
    assert np.isfinite(logits).all()


@on_sqlite
@pytest.mark.analysed
def test_a_fold_that_loses_all_its_images_still_scores_them(
    analysed: Workspace, ada: Account, settings: Settings
) -> None:
    collection_id = analysed.collection.id
    first = newest(collection_id)
    gone = [image_id for image_id, fold in folds(first).items() if fold == 2]
    for image_id in gone:
        verdicts.give_verdict(ada.id, image_id, first.id, "exclude")

    assert retrain(ada.id, collection_id, settings).state == "succeeded"

    made = newest(collection_id)
    assert gone
    assert versions(collection_id)[0].images.excluded == len(gone)
    assert memorised(made) == []
    assert {folds(made)[image_id] for image_id in gone} == {2}
    assert sorted(load_heads(made, settings).folds) == [0, 1, 2, 3, 4]
