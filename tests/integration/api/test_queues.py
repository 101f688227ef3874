"""Programs lead review queues, judge in them, and are told no more than pages tell."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from tests.integration.api.conftest import program_of
from tests.support.queueing import PASSWORD, images, people, queue
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.people import membership
from workbench.services.queues.claims import claim
from workbench.services.queues.judging import judge
from workbench.services.review import verdicts
from workbench.services.review.verdicts import Said
from workbench.services.workspaces import Workspace
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.queues import Queue, QueueClaim, QueueItem, QueueMember

QUEUES = "/collections/many/queues"


def test_a_bot_judges_what_it_is_given_until_nothing_is_left(tables: Flask) -> None:
    [bot] = people(1)
    collection_id, ids = images(3)
    made = queue(collection_id, bot, ids, verdicts_needed=1, blind=False, round_size=3)
    program, path = program_of(tables, bot), f"{QUEUES}/{made}"

    first = program.post(f"{path}/claims", {}, 200)["image_ids"]
    assert first == ids[:2]
    assert program.post(f"{path}/claims", {"skip": first[0]}, 200)["image_ids"][0] == ids[1]
    ends = []
    while held := program.post(f"{path}/claims", {}, 200)["image_ids"]:
        turn = program.get(f"{path}/images/{held[0]}")
        assert turn["holds"]
        assert turn["told"]["label"] == "real"
        said = {"decision": "fake", "reason": "hands", "seen": turn["seen"]}
        judged = program.post(f"{path}/images/{held[0]}/verdicts", said)
        assert (judged["counted"], judged["verdict"]["shown_label"]) == (True, "real")
        ends.append(judged["ends_round"])

    assert ends == [None, None, 1]
    given = session().execute(select(Verdict.image_id, Verdict.decision, Verdict.reason))
    assert sorted(given.tuples()) == [(each, "fake", "hands") for each in ids]
    assert program.get(f"{path}/rounds/1")["judged"] == 3
    assert program.get(path)["state"] == "done"

    again = program.post(f"{path}/undo", status=200)
    assert (again["image_id"], again["holds"], again["done"]) == (ids[0], True, 2)
    assert session().scalar(select(Verdict.withdrawn_at).where(Verdict.image_id == ids[0]))


def test_a_turn_is_kept_by_its_lease_and_refused_once_it_has_run_out(tables: Flask) -> None:
    [bot] = people(1)
    collection_id, ids = images(1)
    made = queue(collection_id, bot, ids)
    program, path = program_of(tables, bot), f"{QUEUES}/{made}"
    program.post(f"{path}/claims", {}, 200)
    begun = session().scalar(select(QueueClaim.renewed_at))
    program.post(f"{path}/images/{ids[0]}/lease", status=204)
    session().expire_all()
    renewed = session().scalar(select(QueueClaim.renewed_at))
    assert begun is not None
    assert renewed is not None
    assert renewed > begun

    program.post(f"{path}/claims", {"skip": ids[0]}, 200)
    held = session().scalar(select(QueueClaim.renewed_at))
    assert held is None
    program.post(f"{path}/images/{ids[0]}/lease", status=409)


def test_a_program_that_judges_blind_is_told_nothing_that_pages_hide(tables: Flask) -> None:
    ada, ben = people(2)
    collection_id, ids = images(2)
    made = queue(collection_id, ada, ids[:1], verdicts_needed=2)
    claim(ada.id, collection_id, made)
    judge(ada.id, collection_id, made, ids[0], Said("fake", "eyes"), seen=0)
    program, path = program_of(tables, ben), f"{QUEUES}/{made}"
    turn = f"{path}/images/{ids[0]}"

    program.get(turn, 404)  # not given yet
    program.post(f"{path}/claims", {}, 200)
    shown = program.get(turn)
    assert (shown["blind"], shown["told"], shown["own"], shown["seen"]) == (True, None, None, 0)
    assert "name" not in shown
    of_image = f"/collections/many/images/{ids[0]}"
    assert program.get(f"{of_image}/verdicts")["items"] == []
    judged = program.post(f"{turn}/verdicts", {"decision": "real"})
    assert judged["verdict"]["blind"]
    assert judged["verdict"]["shown_label"] is None

    told = program.get(turn)["told"]
    assert told["label"] == "real"
    assert [(each["by"], each["decision"]) for each in told["others"]] == [(ada.name, "fake")]
    assert len(program.get(f"{of_image}/verdicts")["items"]) == 2


def test_controls_stay_hidden_from_who_does_not_lead(tables: Flask) -> None:
    ada, ben = people(2)
    lead = accounts.add_user("lead", PASSWORD, "reviewer")
    collection_id, ids = images(3)
    made = queue(
        collection_id,
        lead,
        ids[:1],
        controls={ids[1]: "real", ids[2]: "fake"},
        control_share=0.5,
        verdicts_needed=2,
    )
    path = f"{QUEUES}/{made}"
    claim(ada.id, collection_id, made)
    given = session().scalars(select(QueueItem.image_id).join(QueueClaim)).all()
    for each in given:
        judge(ada.id, collection_id, made, each, Said("real"), seen=0)

    leading = program_of(tables, lead).get(path)
    assert (leading["controls"], leading["control_share"]) == (2, 0.5)
    assert leading["people"][0]["controls"] is not None
    only_reading = program_of(tables, lead, "read").get(path)
    for told in (program_of(tables, ben).get(path), only_reading):
        assert told["has_controls"]
        assert (told["controls"], told["control_share"]) == (None, None)
        assert {each["controls"] for each in told["people"]} == {None}
        assert {each["controls_right"] for each in told["people"]} == {None}
        assert told["done"] == 0, "counted once the round has ended"
        assert told["images"] == 1
    program_of(tables, ben).post(f"{path}/controls", {"image_id": ids[0], "answer": "real"}, 403)


@pytest.mark.analysed
def test_a_queue_is_made_led_and_ended(analysed: Workspace, tables: Flask, ben: Account) -> None:
    ada, cleo = people(2)
    program = program_of(tables, ben)
    queues = "/collections/pictures/queues"
    new = {
        "name": " Sure\n fakes ",
        "source": "slice",
        "filters": {"label": "fake", "p": "0.5,1"},
        "most": 5,
        "verdicts_needed": 2,
        "reasons": ["hands", "eyes"],
        "instructions": "Look at hands.",
    }
    made = program.post(queues, new)
    assert (made["name"], made["images"], made["needed"]) == ("Sure fakes", 5, 10)
    row = session().get_one(Queue, made["id"])
    assert (row.filters, row.reasons) == ({"label": "fake", "p": "0.5,1"}, ["hands", "eyes"])
    assert [each["id"] for each in program.get(queues)["items"]] == [made["id"]]

    path = f"{queues}/{made['id']}"
    text = program.put(f"{path}/instructions", {"instructions": "And at eyes."})
    assert text["instructions"] == "And at eyes."
    named = program.put(f"{path}/people", {"members": [ada.id, cleo.id]})
    assert (named["everybody"], {each["name"] for each in named["people"]}) == (
        False,
        {ada.name, cleo.name},
    )
    assert set(session().scalars(select(QueueMember.user_id))) == {ada.id, cleo.id}
    claim(ada.id, analysed.collection.id, made["id"])
    handed = program.post(f"{path}/hand-over", {"from_id": ada.id, "to_id": cleo.id}, 200)
    assert handed == {"handed": 2}
    assert set(session().scalars(select(QueueClaim.user_id))) == {cleo.id}

    assert program.post(f"{path}/pause", status=200)["state"] == "paused"
    program_of(tables, cleo).post(f"{path}/claims", {}, 409)
    assert program.post(f"{path}/resume", status=200)["state"] == "open"
    of_queue = select(QueueItem.image_id).where(QueueItem.queue_id == made["id"])
    other = session().scalar(
        select(Image.id).where(
            Image.collection_id == analysed.collection.id, Image.id.not_in(of_queue)
        )
    )
    control = program.post(f"{path}/controls", {"image_id": other, "answer": "real"})
    assert (control["controls"], control["images"]) == (1, 5)
    assert program.post(f"{path}/end", status=200)["state"] == "ended"
    program.post(f"{path}/pause", status=409)
    program_of(tables, ada).post(queues, new, 403)


@pytest.mark.analysed
def test_what_cannot_be_a_queue_is_refused(
    analysed: Workspace, tables: Flask, ben: Account
) -> None:
    program = program_of(tables, ben)
    queues = "/collections/pictures/queues"

    program.post(queues, {"name": "none", "source": "slice", "filters": {"p": "0.5,0.4"}}, 422)
    program.post(queues, {"name": "none", "source": "uncertain", "low": 0.9, "high": 0.1}, 422)
    program.post(queues, {"name": " "}, 422)
    program.post(queues, {"name": "nul", "reasons": ["a\0"]}, 422)
    program.post(queues, {"name": "who", "source": "random", "members": [4711]}, 422)
    assert session().scalars(select(Queue)).all() == []


def test_a_queue_of_a_hidden_collection_is_not_there(tables: Flask) -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    made = queue(collection_id, ada, ids)
    membership.save(None, "many", [ada.id], restricted=True)
    path = f"{QUEUES}/{made}"

    assert program_of(tables, ada).get(path)["images"] == 1
    program = program_of(tables, ben)
    for each in (QUEUES, path, f"{path}/images/{ids[0]}", f"{path}/rounds/1"):
        program.get(each, 404)
    program.post(f"{path}/claims", {}, 404)
    program.post(f"{path}/images/{ids[0]}/verdicts", {"decision": "real"}, 404)
    assert session().scalars(select(Verdict)).all() == []


@pytest.mark.analysed
def test_a_queue_is_of_its_collection_alone(analysed: Workspace, tables: Flask) -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    made = queue(collection_id, ada, ids)
    program = program_of(tables, ben)

    program.get(f"/collections/pictures/queues/{made}", 404)
    program.post(f"/collections/pictures/queues/{made}/claims", {}, 404)


@pytest.mark.analysed
def test_an_image_is_told_without_what_others_decided_while_it_is_judged_blind(
    analysed: Workspace, tables: Flask, ben: Account
) -> None:
    [ada] = people(1)
    of_it = select(Image.id).where(Image.collection_id == analysed.collection.id)
    image_id = session().scalars(of_it.order_by(Image.id)).first() or 0
    verdicts.give_verdict(ada.id, image_id, None, "exclude")
    queue(analysed.collection.id, ada, [image_id], members=(ben,))
    path = f"/collections/pictures/images/{image_id}"

    assert program_of(tables, ada).get(path)["decision"] == "exclude"
    assert program_of(tables, ben).get(path)["decision"] is None
