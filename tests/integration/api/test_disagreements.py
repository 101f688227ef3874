"""Programs see where people disagree, and adjudicate."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from tests.integration.api.conftest import program_of
from tests.support.queueing import images, people, queue
from workbench.services.accounts import Account
from workbench.services.people import membership
from workbench.services.review import verdicts
from workbench.store.database import session
from workbench.store.judgements import Adjudication

WAITING = "/collections/many/disagreements"


def disputed(number: int) -> tuple[int, list[int], list[Account]]:
    """A collection in which two people disagree on every image."""
    ada, cleo = people(2)
    collection_id, ids = images(number)
    for each in ids:
        verdicts.give_verdict(ada.id, each, None, "fake", "hands")
        verdicts.give_verdict(cleo.id, each, None, "real")
    return collection_id, ids, [ada, cleo]


def test_disagreements_are_listed_page_by_page_and_adjudicated(tables: Flask, ben: Account) -> None:
    _collection_id, ids, [ada, cleo] = disputed(3)
    program = program_of(tables, ben)

    page = program.get(f"{WAITING}?limit=2")
    assert (page["total"], [each["image_id"] for each in page["items"]]) == (3, ids[:2])
    said = [{"by": ada.name, "decision": "fake"}, {"by": cleo.name, "decision": "real"}]
    assert page["items"][0]["opinions"] == said
    rest = program.get(f"{WAITING}?limit=2&cursor={page['next']}")
    assert ([each["image_id"] for each in rest["items"]], rest["next"]) == (ids[2:], None)
    program.get(f"{WAITING}?cursor=x", 422)

    path = f"{WAITING}/{ids[0]}"
    found = program.get(path)
    assert found["disputed"]
    assert {each["reason"] for each in found["verdicts"]} == {"hands", ""}
    decide = {"decision": "fake", "reason": "Six fingers.", "newest_verdict": 0}
    program.post(path, decide, 409)  # not what was shown
    program.post(path, decide | {"newest_verdict": found["newest_verdict"], "reason": " "}, 422)
    made = program.post(path, decide | {"newest_verdict": found["newest_verdict"]})
    row = session().get_one(Adjudication, made["id"])
    assert (row.image_id, row.decision, row.reason) == (ids[0], "fake", "Six fingers.")
    assert program.get(path)["adjudication"]["by"] == ben.name
    assert program.get(WAITING)["total"] == 2

    program.delete(f"/adjudications/{made['id']}", 204)
    assert program.get(WAITING)["total"] == 3
    program.delete(f"/adjudications/{made['id']}", 404)


def test_an_annotator_does_not_adjudicate_and_nobody_another_s(tables: Flask, ben: Account) -> None:
    _collection_id, ids, [ada, _cleo] = disputed(1)
    path = f"{WAITING}/{ids[0]}"
    seen = program_of(tables, ada).get(path)["newest_verdict"]
    decide = {"decision": "fake", "reason": "Six fingers.", "newest_verdict": seen}

    program_of(tables, ada).post(path, decide, 403)
    program_of(tables, ben, "judge").post(path, decide, 403)
    assert session().scalars(select(Adjudication)).all() == []


def test_what_one_has_to_judge_blind_is_told_nowhere(tables: Flask, ben: Account) -> None:
    collection_id, ids, [ada, _cleo] = disputed(1)
    queue(collection_id, ada, ids, members=(ben,), verdicts_needed=1)
    program = program_of(tables, ben)

    assert program.get(WAITING) == {"items": [], "total": 0, "next": None}
    program.get(f"{WAITING}/{ids[0]}", 404)
    assert program.get(f"/collections/many/images/{ids[0]}/history")["items"] == []
    assert program.get(f"/people/{ada.id}/history?kind=verdict")["items"] == []
    assert program.ask("GET", "/history/export?kind=verdict").data == b""
    assert program_of(tables, ada).get(WAITING)["total"] == 0, "the queue gathers verdicts"


def test_disagreements_of_hidden_collections_are_not_there(tables: Flask, ben: Account) -> None:
    _collection_id, ids, [ada, _cleo] = disputed(1)
    membership.save(None, "many", [ada.id], restricted=True)
    program = program_of(tables, ben)

    program.get(WAITING, 404)
    program.get(f"{WAITING}/{ids[0]}", 404)
    decide = {"decision": "fake", "reason": "Six fingers.", "newest_verdict": 2}
    program.post(f"{WAITING}/{ids[0]}", decide, 404)
    assert program.get(f"/people/{ada.id}/history")["items"] == []
    assert session().scalars(select(Adjudication)).all() == []
