"""Programs ask for runs, freeze and export labels, import them, and remove what has to go."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.integration.api.conftest import Program, program_of
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.interchange import exporting, exports, importing
from workbench.services.workspaces import Workspace
from workbench.store.database import db, now, session, transaction
from workbench.store.images import Collection, Image
from workbench.store.judgements import Verdict
from workbench.store.label_sets import LabelSet, LabelSetImage
from workbench.store.people import ApiToken
from workbench.store.versions import TrainingRun

pytestmark = pytest.mark.analysed
HERE = "/collections/pictures"


def first_image(analysed: Workspace) -> Image:
    its = select(Image).where(Image.collection_id == analysed.collection.id).order_by(Image.id)
    return session().scalars(its.limit(1)).one()


def worked(tables: Flask) -> None:
    """Let a worker write the export that waits."""
    claim = exports.claim_next("worker")
    assert claim is not None
    exporting.execute(db.engine, claim, tables.config["WORKBENCH"])


def test_a_retrain_is_asked_for_once_watched_and_cancelled(
    analysed: Workspace, program: Program
) -> None:
    run = program.post(f"{HERE}/runs")

    assert run["state"] == "queued"
    assert session().get(TrainingRun, run["id"]) is not None
    assert program.post(f"{HERE}/runs", status=409)["detail"].startswith("A run")
    assert program.get(f"{HERE}/runs/{run['id']}")["requested_by"] == "ada"
    assert program.post(f"{HERE}/runs/{run['id']}/cancel", status=200)["state"] == "cancelled"
    assert program.get("/collections/other/runs/" + str(run["id"]), 404)["status"] == 404


def test_versions_are_listed_and_made_active(analysed: Workspace, program: Program) -> None:
    listed = program.get(f"{HERE}/versions")["items"]

    assert [each["number"] for each in listed] == [1]
    assert listed[0]["dataset_counts"]
    assert program.post(f"{HERE}/versions/1/activate", status=200)["items"][0]["active"]
    assert program.get(f"{HERE}/versions/1/label-changes") == {
        "listed": True,
        "training": [],
        "test": [],
        "training_total": 0,
        "test_total": 0,
    }
    program.post(f"{HERE}/versions/9/activate", status=404)


def test_labels_are_frozen_compared_exported_and_downloaded(
    analysed: Workspace, program: Program, tables: Flask
) -> None:
    image_id = first_image(analysed).id
    first = program.post(f"{HERE}/label-sets", {"name": "before"})
    program.post(f"{HERE}/images/{image_id}/verdicts", {"decision": "exclude"})
    second = program.post(f"{HERE}/label-sets", {"name": "now"})

    assert [each["number"] for each in program.get(f"{HERE}/label-sets")["items"]] == [2, 1]
    changes = program.get(f"{HERE}/label-sets/2/changes?since=1")
    assert [each["image_id"] for each in changes["relabelled"]["images"]] == [image_id]
    seen, cursor = [], ""
    while True:
        page = program.get(f"{HERE}/label-sets/{second['number']}/images{cursor}")
        seen += [each["image_id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"?cursor={page['next']}"
    its = select(LabelSetImage.image_id).where(LabelSetImage.label_set_id == second["id"])
    assert seen == sorted(session().scalars(its))

    asked = program.post(f"{HERE}/label-sets/{first['number']}/exports", {"format": "jsonl"})
    program.get(f"{HERE}/exports/{asked['id']}/file", 404)
    worked(tables)
    assert program.get(f"{HERE}/exports/{asked['id']}")["state"] == "succeeded"
    file = program.ask("GET", f"{HERE}/exports/{asked['id']}/file")
    lines = [json.loads(each) for each in file.data.decode().splitlines()]
    assert len([each for each in lines if "image_id" in each]) == first["images"]


def test_a_token_that_ends_in_mid_export_gets_no_file_and_the_next_one_does(
    analysed: Workspace, program: Program, tables: Flask, ada: Account
) -> None:
    program.post(f"{HERE}/label-sets", {"name": "now"})
    asked = program.post(f"{HERE}/label-sets/1/exports", {"format": "csv"})
    with transaction() as write:
        ended = now() - timedelta(seconds=1)
        write.execute(update(ApiToken).values(expires_at=ended))
    worked(tables)

    path = f"{HERE}/exports/{asked['id']}/file"
    assert program.ask("GET", path).status_code == 401
    file = program_of(tables, ada).ask("GET", path)
    assert file.status_code == 200
    assert file.data


def test_labels_come_in_as_decisions_and_go_again(analysed: Workspace, program: Program) -> None:
    image = first_image(analysed)
    line = {"content_hash": image.content_hash, "decision": "exclude", "reason": "a drawing"}
    file = {"format": "jsonl", "content": json.dumps(line)}

    dry = program.post(f"{HERE}/label-imports", file | {"dry_run": True}, 200)
    assert dry["tally"]["verdicts"] == 1
    assert dry["import_id"] is None
    assert session().scalars(select(Verdict)).first() is None

    done = program.post(f"{HERE}/label-imports", file, 200)
    session().rollback()
    assert session().scalars(select(Verdict)).one().decision == "exclude"
    assert program.get(f"{HERE}/label-imports")["items"][0]["id"] == done["import_id"]
    undo = f"{HERE}/label-imports/{done['import_id']}/undo"
    assert program.post(undo, status=200) == {"count": 1}
    program.post(undo, status=409)


def test_lines_that_are_wrong_are_told_and_nothing_is_written(
    analysed: Workspace, program: Program
) -> None:
    lines = [
        {"content_hash": first_image(analysed).content_hash, "decision": "perhaps"},
        {"file_name": "nowhere.png", "decision": "real"},
    ]
    file = {"content": "\n".join(map(json.dumps, lines))}
    report = program.post(f"{HERE}/label-imports", file, 200)

    assert report["wrong"] == 2
    assert [each["line"] for each in report["errors"]] == [1, 2]
    assert session().scalars(select(Verdict)).first() is None
    program.post(f"{HERE}/label-imports", {"content": "{", "format": "coco"}, 422)


def test_more_lines_than_one_waits_for_are_left_to_the_command_line(
    analysed: Workspace, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    its = select(Image.content_hash).where(Image.collection_id == analysed.collection.id)
    hashes = session().scalars(its.limit(3)).all()
    lines = [json.dumps({"content_hash": each, "decision": "exclude"}) for each in hashes]
    monkeypatch.setattr(importing, "MOST_AT_ONCE", 2)

    refused = program.post(f"{HERE}/label-imports", {"content": "\n".join(lines)}, 422)
    assert "manage.py import-labels" in refused["detail"]
    assert session().scalars(select(Verdict)).first() is None
    program.post(f"{HERE}/label-imports", {"content": "\n".join(lines[:2])}, 200)


def test_an_image_and_a_collection_are_removed_by_who_is_sure(
    analysed: Workspace, program: Program
) -> None:
    image_id = first_image(analysed).id
    plan = program.get(f"{HERE}/images/{image_id}/removal")
    assert plan["collections"] == ["pictures"]
    assert program.delete(f"{HERE}/images/{image_id}")["images"] == plan["images"] == 1
    session().rollback()
    assert session().get(Image, image_id) is None

    program.delete(f"{HERE}/versions/1", 409)
    program.delete(HERE, 422)
    program.delete(f"{HERE}?confirm=other", 422)
    program.delete(f"{HERE}?confirm=pictures")
    session().rollback()
    assert session().scalar(select(Collection.id).where(Collection.name == "pictures")) is None
    assert session().scalars(select(LabelSet)).first() is None


def test_an_annotator_s_token_can_ask_for_none_of_it(
    analysed: Workspace, tables: Flask, program: Program
) -> None:
    cy = accounts.add_user("cy", "correct horse battery", "annotator")
    annotator = program_of(tables, cy)

    annotator.post(f"{HERE}/runs", status=403)
    annotator.get(f"{HERE}/label-sets", 403)
    annotator.post(f"{HERE}/label-imports", {"content": ""}, 403)
    annotator.delete(f"{HERE}?confirm=pictures", 403)
    annotator.get("/imports", 403)
