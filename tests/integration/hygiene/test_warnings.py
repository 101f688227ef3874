"""What makes figures doubtful stands beside them, in one sentence, wherever they are shown."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.working import analyse
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.hygiene.actions import one_group, undo
from workbench.services.hygiene.check import check
from workbench.services.pipeline.evaluation import evaluate
from workbench.services.progress import Silent
from workbench.services.status import status
from workbench.services.workspaces import Workspace, collections, workspace
from workbench.store import migrating
from workbench.store.database import db, session, transaction
from workbench.store.images import Collection, Image

pytestmark = pytest.mark.analysed

LEAKAGE = "2 duplicates lie in training and test split"


@pytest.fixture
def leaking(analysed: Workspace) -> Workspace:
    """The analysed collection, with the same pixels on both sides of the split."""
    here = Image.collection_id == analysed.collection.id
    with transaction() as write:
        held_out = write.scalars(select(Image).where(here, Image.held_out)).first()
        trained_on = write.scalars(select(Image).where(here, ~Image.held_out)).first()
        assert held_out is not None
        assert trained_on is not None
        trained_on.label = held_out.label
        trained_on.pixel_hash = held_out.pixel_hash
        trained_on.perceptual_hash = held_out.perceptual_hash
    return analysed


def test_a_warning_of_the_check_stands_with_every_figure(
    app: Flask, leaking: Workspace, settings: Settings
) -> None:
    assert LEAKAGE not in workspace("pictures").warning

    check("pictures", settings)

    said = workspace("pictures").warning
    assert LEAKAGE in said
    assert [each.warning for each in status().collections if each.name == "pictures"] == [said]
    assert said in [each.warning() for each in collections()]
    found = evaluate("pictures", settings, Silent())
    assert found.warning == found.training_warning == said
    assert json.loads(json.dumps(found.as_json()))["warning"] == said
    app.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    client = app.test_client()
    for address in ("/", "/c/pictures/", "/c/pictures/patterns", "/c/pictures/models"):
        page = client.get(address, follow_redirects=True).text
        assert said in page, address
        assert 'href="/c/pictures/data"' in page, address


def test_a_version_made_before_a_remedy_is_warned_about_until_the_next_one(
    leaking: Workspace, settings: Settings, ada: Account
) -> None:
    check("pictures", settings)
    done = one_group(ada.id, "pictures", "duplicates_across_split")
    check("pictures", settings)

    assert f"{LEAKAGE} (until v1; retrain)" in workspace("pictures").warning

    undo(ada.id, done.id)
    check("pictures", settings)

    assert LEAKAGE in workspace("pictures").warning
    assert "retrain" not in workspace("pictures").warning

    one_group(ada.id, "pictures", "duplicates_across_split")
    check("pictures", settings)
    assert analyse(leaking.collection.id, settings, again=True) == "succeeded"

    assert LEAKAGE not in workspace("pictures").warning
    assert LEAKAGE in workspace("pictures", 1).warning


def test_a_check_from_before_warnings_were_kept_still_warns(
    leaking: Workspace, settings: Settings
) -> None:
    check("pictures", settings)
    kept = session().get_one(Collection, leaking.collection.id).warnings
    assert [each["kind"] for each in kept] == ["duplicates_across_split"]
    session().close()

    migrating.downgrade(db.engine, "0030")
    migrating.upgrade(db.engine)

    assert session().get_one(Collection, leaking.collection.id).warnings == kept
