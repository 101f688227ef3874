"""Programs read histories, take them away, and undo what their owners decided."""

from __future__ import annotations

import csv
import io
import json

import pytest
from flask import Flask
from sqlalchemy import select

from tests.integration.api.conftest import program_of
from tests.support.queueing import images, people
from workbench.services.accounts import Account
from workbench.services.queues import making
from workbench.services.queues.making import Plan
from workbench.services.queues.sources import Source
from workbench.services.review import adjudications, verdicts
from workbench.services.review.adjudications import Seen
from workbench.services.workspaces import Workspace
from workbench.store.database import session
from workbench.store.judgements import Adjudication, Verdict


def standing() -> list[tuple[int, str]]:
    found = select(Verdict.image_id, Verdict.decision).where(Verdict.withdrawn_at.is_(None))
    return list(session().execute(found.order_by(Verdict.id)).tuples())


def test_a_history_is_read_page_by_page_and_limited(tables: Flask) -> None:
    ada, ben = people(2)
    _collection_id, ids = images(3)
    for each in ids:
        verdicts.give_verdict(ada.id, each, None, "fake")
    verdicts.give_verdict(ben.id, ids[0], None, "real")
    program = program_of(tables, ada)

    first = program.get("/history?limit=2&kind=verdict")
    second = program.get(f"/history?limit=2&kind=verdict&cursor={first['next']}")
    both = first["items"] + second["items"]
    assert [each["image_id"] for each in both] == ids[::-1]
    assert (second["next"], {each["by"] for each in both}) == (None, {ada.name})
    assert both[0]["after"]["decision"] == "fake"
    assert both[0]["collection"] == "many"
    of_image = program.get(f"/history?image={ids[1]}")["items"]
    assert [each["image_id"] for each in of_image] == [ids[1]]
    of_both = program.get(f"/collections/many/images/{ids[0]}/history")["items"]
    assert [each["by"] for each in of_both] == [ben.name, ada.name]
    of_ben = program.get(f"/people/{ben.id}/history")["items"]
    assert {each["by"] for each in of_ben} == {ben.name}
    assert program.get("/history?until=2020-01-01")["items"] == []
    program.get("/history?since=2026-02-02&until=2026-01-01", 422)
    program.get("/history?kind=token", 422)
    program.get("/people/4711/history", 404)


def test_an_export_has_every_event_as_json_lines_or_csv(tables: Flask) -> None:
    ada, ben = people(2)
    _collection_id, ids = images(2)
    for person in (ada, ben):
        verdicts.give_verdict(person.id, ids[0], None, "fake", "=1+1")
    program = program_of(tables, ada)

    answer = program.ask("GET", f"/history/export?image={ids[0]}")
    lines = [json.loads(each) for each in answer.get_data(as_text=True).splitlines()]
    assert answer.mimetype == "application/x-ndjson"
    assert [each["by"] for each in lines] == [ben.name, ada.name]
    answer = program.ask("GET", f"/history/export.csv?image={ids[0]}&person={ben.id}")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [each["id"] for each in rows] == [str(lines[0]["id"])]


def test_one_event_is_undone_and_done_again(tables: Flask) -> None:
    ada, ben = people(2)
    _collection_id, ids = images(1)
    verdicts.give_verdict(ada.id, ids[0], None, "fake")
    program = program_of(tables, ada)
    [event] = program.get("/history")["items"]

    program_of(tables, ben).post(f"/history/{event['id']}/undo", status=409)
    program_of(tables, ada, "read").post(f"/history/{event['id']}/undo", status=403)
    assert program.post(f"/history/{event['id']}/undo", status=200) == {"undone": 1}
    assert standing() == []
    program.post(f"/history/{event['id']}/undo", status=409)
    newest = program.get("/history")["items"][0]
    assert newest["undoes_id"] == event["id"]
    program.post(f"/history/{newest['id']}/undo", status=200)
    assert standing() == [(ids[0], "fake")]


def test_all_that_was_counted_is_undone_at_once_or_nothing(tables: Flask) -> None:
    [ada] = people(1)
    _collection_id, ids = images(3)
    for each in ids:
        verdicts.give_verdict(ada.id, each, None, "fake")
    program = program_of(tables, ada)

    counted = program.get("/history/undoable?kind=verdict")
    assert (counted["count"], counted["more"]) == (3, False)
    seen = {"kind": "verdict", "count": counted["count"], "newest": counted["newest"]}
    program.post("/history/undo", seen | {"count": 2}, 409)
    assert len(standing()) == 3
    assert program.post("/history/undo", seen, 200) == {"undone": 3}
    assert standing() == []


def test_a_token_undoes_no_more_than_its_scopes_allow(tables: Flask, ben: Account) -> None:
    ada, cleo = people(2)
    _collection_id, ids = images(2)
    verdicts.give_verdict(ada.id, ids[0], None, "fake")
    newest = verdicts.give_verdict(cleo.id, ids[0], None, "real")
    made = adjudications.adjudicate(ben.id, ids[0], "fake", "hands", Seen(newest.id, 0))
    verdicts.give_verdict(ben.id, ids[1], None, "fake")
    program = program_of(tables, ben, "read", "judge")
    events = program.get("/history")["items"]
    adjudicated = next(each for each in events if each["subject"] == f"adjudication:{made}")

    program.post(f"/history/{adjudicated['id']}/undo", status=403)
    counted = program.get("/history/undoable")
    assert counted["count"] == 1
    seen = {"count": counted["count"], "newest": counted["newest"]}
    program.post("/history/undo", seen, 200)
    assert session().get_one(Adjudication, made).withdrawn_at is None
    assert ids[1] not in dict(standing())
    whole = program_of(tables, ben)
    whole.post(f"/history/{adjudicated['id']}/undo", status=200)
    session().expire_all()
    assert session().get_one(Adjudication, made).withdrawn_at is not None


@pytest.mark.analysed
def test_a_history_does_not_say_how_many_controls_are_hidden(
    analysed: Workspace, version_id: int, tables: Flask, ben: Account
) -> None:
    making.make_queue(ben.id, analysed.collection.id, version_id, Plan("all", Source("random")))
    [ada] = people(1)
    program = program_of(tables, ada)

    path = f"/people/{ben.id}/history"
    made = next(each for each in program.get(path)["items"] if each["action"] == "queue.make")
    assert made["after"].keys() == {"name", "images"}
    exported = program.ask("GET", f"/history/export?person={ben.id}").get_data(as_text=True)
    assert '"queue.make"' in exported
    assert "controls" not in exported
