"""What is taken down leaves label sets, which say so; a collection goes with its sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.integration.removal.conftest import Left
from tests.support.traces import in_rows
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError
from workbench.services.interchange import exporting, exports
from workbench.services.interchange.importing import import_labels
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import label_set
from workbench.services.removal.collections import remove_collection
from workbench.services.removal.images import remove_image
from workbench.services.workspaces import Workspace
from workbench.store.database import db, session
from workbench.store.export_jobs import ExportJob
from workbench.store.label_imports import LabelImport, LabelImportRow
from workbench.store.label_sets import LabelSet, LabelSetImage

pytestmark = pytest.mark.analysed


def test_a_takedown_leaves_nothing_of_an_image_in_a_label_set(
    left: Left, analysed: Workspace, settings: Settings, ada: Account
) -> None:
    collection_id = analysed.collection.id
    make_label_set(ada.id, collection_id, "first")
    before = label_set(collection_id, 1)
    assert (before.images, before.notes, before.tags) == (40, 1, {"Fingers": 1})

    remove_image(left.id, ada.id, settings)

    after = label_set(collection_id, 1)
    assert (after.images, after.removed, after.notes, after.tags) == (39, 1, 0, {})
    assert sum(after.labels.values()) == sum(after.rules.values()) == 39
    assert in_rows(left.words) == set()


def test_a_collection_goes_with_its_label_sets(
    left: Left, analysed: Workspace, settings: Settings, ada: Account, tmp_path: Path
) -> None:
    collection_id = analysed.collection.id
    make_label_set(ada.id, collection_id, "first")
    exports.request(ada.id, label_set(collection_id, 1).id, "jsonl")
    claim = exports.claim_next("test:1:x")
    assert claim is not None
    assert exporting.execute(db.engine, claim, settings) == "succeeded"
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps({"content_hash": left.content_hash, "decision": "exclude"}))
    assert import_labels(ada.id, collection_id, path, "jsonl").tally.verdicts == 1

    remove_collection("pictures", ada.id, settings)

    for table in (LabelSet, LabelSetImage, ExportJob, LabelImport, LabelImportRow):
        assert session().execute(select(table)).first() is None, table
    assert list(settings.export_dir.iterdir()) == []


def test_what_was_exported_of_an_image_goes_with_it(
    left: Left, analysed: Workspace, settings: Settings, ada: Account
) -> None:
    collection_id = analysed.collection.id
    make_label_set(ada.id, collection_id, "first")
    exports.request(ada.id, label_set(collection_id, 1).id, "jsonl")
    with pytest.raises(ConflictError, match="An export of"):
        remove_image(left.id, ada.id, settings)
    claim = exports.claim_next("test:1:x")
    assert claim is not None
    exporting.execute(db.engine, claim, settings)

    remove_image(left.id, ada.id, settings)

    assert list(settings.export_dir.iterdir()) == []
