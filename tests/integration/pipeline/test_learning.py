"""What a version learned is counted from its rows and those of what came before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, insert, select

from tests.support.queries import counted
from workbench.services.errors import NotFoundError
from workbench.services.models.label_changes import label_changes
from workbench.services.models.learned import KEY, learned_of
from workbench.services.pipeline import learning
from workbench.services.pipeline.learning import learned_in
from workbench.services.workspaces import Workspace
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import Prediction
from workbench.store.versions import CuratedDataset, CuratedItem, ModelVersion, TrainingRun

pytestmark = pytest.mark.analysed

OTHER = {"real": "fake", "fake": "real"}
OTHER_CALL = {
    "real_right": "real_called_fake",
    "real_called_fake": "real_right",
    "fake_right": "fake_called_real",
    "fake_called_real": "fake_right",
}
NOTHING = {
    "training_labels": 0,
    "test_labels": 0,
    "halved": 0,
    "restored": 0,
    "excluded": 0,
    "included": 0,
    "new_images": 0,
    "flipped": 0,
    "flipped_held_out": 0,
}

Change = Callable[[dict[int, dict[str, object]]], None]


def rows_of(
    table: type[CuratedItem | Prediction], key: str, value: int
) -> dict[int, dict[str, object]]:
    found = session().execute(select(table.__table__).where(getattr(table, key) == value))
    return {row.image_id: row._asdict() for row in found}


def retrained(
    parent_id: int, items: Change = lambda _: None, scores: Change = lambda _: None
) -> int:
    """A finished version like its parent, but for what is changed among its rows."""
    parent = session().get_one(ModelVersion, parent_id)
    made_of = rows_of(CuratedItem, "dataset_id", parent.dataset_id)
    scored = rows_of(Prediction, "version_id", parent_id)
    items(made_of)
    scores(scored)
    with transaction() as write:
        dataset = CuratedDataset(
            collection_id=parent.collection_id, sha256="0" * 64, counts={"images": len(made_of)}
        )
        write.add(dataset)
        write.flush()
        newest = select(func.max(ModelVersion.number)).where(
            ModelVersion.collection_id == parent.collection_id
        )
        version = ModelVersion(
            collection_id=parent.collection_id,
            number=(write.scalar(newest) or 0) + 1,
            parent_id=parent.id,
            dataset_id=dataset.id,
            encoder=parent.encoder,
            encoder_fingerprint=parent.encoder_fingerprint,
            relevance=parent.relevance,
            dimensions=parent.dimensions,
            weights_id=parent.weights_id,
            metrics=dict(parent.metrics),
        )
        write.add(version)
        write.flush()
        write.add(
            TrainingRun(
                collection_id=parent.collection_id,
                trigger="request",
                state="succeeded",
                version_id=version.id,
            )
        )
        for table, rows, key, value in (
            (CuratedItem, made_of, "dataset_id", dataset.id),
            (Prediction, scored, "version_id", version.id),
        ):
            write.execute(insert(table), [row | {key: value} for row in rows.values()])
        made = version.id
    with transaction() as write:
        version = write.get_one(ModelVersion, made)
        version.metrics = version.metrics | {KEY: learned_in(made)}
    return made


def some(version_id: int, *, held_out: bool, count: int, skip: int = 0) -> list[int]:
    parent = session().get_one(ModelVersion, version_id)
    found = session().scalars(
        select(CuratedItem.image_id)
        .where(CuratedItem.dataset_id == parent.dataset_id, CuratedItem.held_out.is_(held_out))
        .order_by(CuratedItem.image_id)
        .offset(skip)
        .limit(count)
    )
    return list(found)


def relabel(image_ids: list[int]) -> Change:
    def change(rows: dict[int, dict[str, object]]) -> None:
        for each in image_ids:
            rows[each]["label"] = OTHER[str(rows[each]["label"])]

    return change


def learned(version_id: int) -> dict[str, object]:
    found = learned_of(session().get_one(ModelVersion, version_id).metrics)
    assert found is not None
    return vars(found)


def test_a_first_version_is_compared_with_the_labels_as_imported(version_id: int) -> None:
    assert learned(version_id) == NOTHING | {"parent": None, "comparable": True}
    assert label_changes(version_id) is not None
    image_id, *_more = some(version_id, held_out=False, count=1)
    with transaction() as write:
        image = write.get_one(Image, image_id)
        image.label = OTHER[image.label]

    assert learned_in(version_id)["training_labels"] == 1


def test_nothing_changed_is_nothing_learned(version_id: int) -> None:
    made = retrained(version_id)

    assert learned(made) == NOTHING | {"parent": 1, "comparable": True}
    changes = label_changes(made)
    assert changes is not None
    assert (changes.training, changes.test) == ((), ())
    assert (changes.training_total, changes.test_total) == (0, 0)


def test_labels_and_weights_count_where_they_are_learned_and_where_they_are_not(
    version_id: int,
) -> None:
    training = some(version_id, held_out=False, count=6)
    test = some(version_id, held_out=True, count=3)

    def change(rows: dict[int, dict[str, object]]) -> None:
        relabel([*training[:2], test[0]])(rows)
        rows[training[2]]["weight"] = 0.5
        rows[test[1]]["weight"] = 0.5
        del rows[training[3]], rows[training[4]], rows[test[2]]

    second = retrained(version_id, change)

    assert learned(second) == NOTHING | {
        "parent": 1,
        "comparable": True,
        "training_labels": 2,
        "test_labels": 1,
        "halved": 1,
        "excluded": 3,
    }

    def back(rows: dict[int, dict[str, object]]) -> None:
        relabel(training[:1])(rows)
        rows[training[2]]["weight"] = 1.0
        rows[training[3]] = rows[training[5]] | {"image_id": training[3]}

    third = retrained(second, back)

    assert learned(third) == NOTHING | {
        "parent": 2,
        "comparable": True,
        "training_labels": 1,
        "restored": 1,
        "included": 1,
    }


def test_images_called_differently_and_new_ones_are_told_apart(version_id: int) -> None:
    training = some(version_id, held_out=False, count=3)
    test = some(version_id, held_out=True, count=1)
    new = training[2]

    def forget(rows: dict[int, dict[str, object]]) -> None:
        del rows[new]

    def call(rows: dict[int, dict[str, object]]) -> None:
        for each in (*training[:2], *test):
            rows[each]["outcome"] = OTHER_CALL[str(rows[each]["outcome"])]

    second = retrained(version_id, forget, forget)
    third = retrained(second, scores=call)

    assert learned(second) == NOTHING | {"parent": 1, "comparable": True, "excluded": 1}
    assert learned(third)["flipped"] == 3
    assert learned(third)["flipped_held_out"] == 1

    def add(table: type[CuratedItem | Prediction], key: str, value: int) -> Change:
        def change(rows: dict[int, dict[str, object]]) -> None:
            rows[new] = rows_of(table, key, value)[new]

        return change

    dataset = session().get_one(ModelVersion, version_id).dataset_id
    fourth = retrained(
        third, add(CuratedItem, "dataset_id", dataset), add(Prediction, "version_id", version_id)
    )

    assert learned(fourth) == NOTHING | {"parent": 3, "comparable": True, "new_images": 1}


def test_an_image_whose_label_alone_was_corrected_is_not_called_differently(
    version_id: int,
) -> None:
    """Its outcome differs; what it is called does not."""
    image_id, *_more = some(version_id, held_out=True, count=1)

    def correct(rows: dict[int, dict[str, object]]) -> None:
        row = rows[image_id]
        other = {"real_right": "fake_called_real", "fake_right": "real_called_fake"}
        row["outcome"] = (other | {v: k for k, v in other.items()})[str(row["outcome"])]

    made = retrained(version_id, relabel([image_id]), correct)

    assert learned(made)["test_labels"] == 1
    assert learned(made)["flipped"] == 0


def test_changed_labels_are_listed_the_new_ones_first_with_what_they_were(
    version_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = some(version_id, held_out=False, count=3)
    tested, *_more = some(version_id, held_out=True, count=1)
    v2 = retrained(version_id, relabel([first, second, tested]))
    v3 = retrained(v2, relabel([second, third]))

    changes = label_changes(v3)

    assert changes is not None
    assert [(each.image_id, each.is_new) for each in changes.training] == [
        (second, True),
        (third, True),
        (first, False),
    ]
    imported = {each.id: each.label for each in session().scalars(select(Image))}
    again, corrected, kept = changes.training
    assert (again.imported, again.before, again.label) == (
        imported[second],
        OTHER[imported[second]],
        imported[second],
    )
    assert (corrected.before, corrected.label) == (imported[third], OTHER[imported[third]])
    assert (kept.before, kept.label) == (OTHER[imported[first]],) * 2
    assert [(each.image_id, each.is_new) for each in changes.test] == [(tested, False)]
    assert (changes.training_total, changes.test_total) == (3, 1)

    monkeypatch.setattr(learning, "LISTED", 1)
    assert learned_in(v3)["changed"] == {
        "training": [second],
        "test": [tested],
        "training_total": 3,
        "test_total": 1,
    }


def test_versions_that_scored_their_training_images_otherwise_cannot_be_compared(
    version_id: int,
) -> None:
    with transaction() as write:
        parent = write.get_one(ModelVersion, version_id)
        parent.metrics = {k: v for k, v in parent.metrics.items() if k != "cross_validated"}
    made = retrained(version_id)
    with transaction() as write:
        version = write.get_one(ModelVersion, made)
        version.metrics = version.metrics | {"cross_validated": {"auc": 0.9}}

    assert learned_in(made)["comparable"] is False


def test_what_was_learned_is_asked_in_as_many_queries_for_many_changes_as_for_one(
    analysed: Workspace, version_id: int
) -> None:
    few = retrained(version_id, relabel(some(version_id, held_out=False, count=1)))
    many = retrained(version_id, relabel(some(version_id, held_out=False, count=9)))
    found = []
    for each in (few, many):
        with counted() as computing:
            learned_in(each)
        with counted() as listing:
            label_changes(each)
        found.append((len(computing), len(listing)))

    assert found[0] == found[1]
    assert found[0][0] <= 10
    assert found[0][1] <= 3


def test_a_version_from_before_says_that_nothing_was_counted(version_id: int) -> None:
    with transaction() as write:
        version = write.get_one(ModelVersion, version_id)
        version.metrics = {k: v for k, v in version.metrics.items() if k != KEY}

    assert learned_of(session().get_one(ModelVersion, version_id).metrics) is None
    assert label_changes(version_id) is None
    with pytest.raises(NotFoundError):
        label_changes(10**6)
