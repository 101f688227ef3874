"""What scores say of an analysed collection; the page, the command and the database agree."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from sqlalchemy import select, update

from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store, forget_columns
from workbench.services.hygiene.check import check
from workbench.services.hygiene.words import finding_words
from workbench.services.models.figures import CONSTANT
from workbench.services.review.verdicts import give_verdict
from workbench.services.workspaces import Workspace
from workbench.store.database import session, transaction
from workbench.store.hygiene import DataCheck
from workbench.store.images import LABELS
from workbench.store.results import Prediction
from workbench.store.versions import ModelVersion

pytestmark = pytest.mark.analysed


def some_real_images(version_id: int) -> list[int]:
    found = session().scalars(
        select(Prediction.image_id)
        .where(Prediction.version_id == version_id, Prediction.label == "real")
        .order_by(Prediction.image_id)
        .limit(2)
    )
    return list(found)


def test_mislabelled_pictures_are_likely_label_errors_until_somebody_decides(
    analysed: Workspace, version_id: int, settings: Settings, ada: Account
) -> None:
    surely_called_fake = some_real_images(version_id)
    with transaction() as write:
        write.execute(
            update(Prediction)
            .where(Prediction.version_id == version_id, Prediction.image_id.in_(surely_called_fake))
            .values(logit=6.0, p=0.9975, outcome="real_called_fake")
        )
    forget_columns(version_id, settings)

    found = check("pictures", settings).finding("label_errors")

    assert found is not None
    assert {each for (each,) in found.groups} >= set(surely_called_fake)
    ids = [each for (each,) in found.groups]
    store = column_store(version_id)
    rows = store.rows_of(ids)
    called_fake = store.p[rows] > 0.5
    assert (called_fake == (store.labels[rows] == LABELS.index("real"))).all()
    assert found.figures["images"] == len(ids)

    give_verdict(ada.id, ids[0], version_id, "real")

    again = check("pictures", settings).finding("label_errors")
    assert ids[0] not in [each for (each,) in again.groups] if again else True


def test_page_command_and_database_say_the_same(
    app: Flask, analysed: Workspace, settings: Settings
) -> None:
    checked = check("pictures", settings)
    command = checked.as_json()
    stored = session().get_one(DataCheck, analysed.collection.id)

    assert checked.findings
    assert [each["figures"] for each in command["findings"]] == [
        each["figures"] for each in json.loads(json.dumps(stored.findings))
    ]
    assert stored.version == 1
    assert command["images"] == stored.images == analysed.collection.images
    app.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    page = app.test_client().get("/c/pictures/data").text
    for each in checked.findings:
        if each.kind == "few_images":  # all generators in one sentence
            assert f"{each.subject} ({each.figures['images']})" in page
            continue
        title, sentence = finding_words(each)
        assert title in page
        assert sentence in page


def test_scores_of_a_model_that_tells_nothing_say_nothing_of_labels(
    analysed: Workspace, version_id: int, settings: Settings
) -> None:
    with transaction() as write:
        version = write.get_one(ModelVersion, version_id)
        version.metrics = version.metrics | {CONSTANT: True}

    checked = check("pictures", settings)

    assert checked.finding("label_errors") is None
    assert checked.finding("slice") is None
