"""Programs read what pages show of work: what waits, agreement, the dashboard."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.integration.api.conftest import Program, program_of
from tests.support.queueing import images, people, queue
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.explore.review_queue import review_queue
from workbench.services.people import membership
from workbench.services.review import verdicts
from workbench.services.workspaces import Workspace


@pytest.mark.analysed
def test_what_waits_for_a_verdict_is_listed_as_the_page_goes_through_it(
    analysed: Workspace, version_id: int, program: Program, ben: Account
) -> None:
    path = "/collections/pictures/to-judge"
    queued = review_queue(version_id)
    walked = [queued.first()]
    while len(walked) < queued.count:
        walked.append(queued.after(walked[-1] or 0))

    told, cursor = [], ""
    while True:
        page = program.get(f"{path}?limit=3{cursor}")
        told += [each["image_id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert told == walked
    assert page["total"] == len(told) > 0

    verdicts.give_verdict(ben.id, told[0], version_id, "unsure")
    assert program.get(path)["total"] == len(told) - 1
    assert told[0] not in [each["image_id"] for each in program.get(path)["items"]]


def test_agreement_is_told_with_what_splits_people(tables: Flask) -> None:
    ada, ben = people(2)
    _collection_id, ids = images(4)
    for each, said in zip(ids, ("fake", "fake", "real", "real"), strict=True):
        verdicts.give_verdict(ada.id, each, None, said)
        verdicts.give_verdict(ben.id, each, None, "fake" if each == ids[3] else said)
    program = program_of(tables, ada)

    told = program.get("/collections/many/agreement?scale=labels")
    figures = told["line"]["agreement"]
    assert (figures["units"], figures["splits"], figures["raw"]["value"]) == (4, 1, 0.75)
    assert figures["kappa"]["value"] == pytest.approx(0.5)
    assert told["lines"] == [told["line"]]
    [pair] = told["pairs"]
    assert {pair["first"]["name"], pair["second"]["name"]} == {ada.name, ben.name}
    [split] = told["splits"]["shown"]
    assert (split["id"], split["waiting"]) == (ids[3], True)
    said = {each["answer"]: each["people"] for each in split["said"]}
    assert said == {"fake": [ben.name], "real": [ada.name]}
    program.get("/collections/many/agreement?tag=4711", 404)


def test_what_a_queue_gathers_is_held_back_from_agreement(tables: Flask) -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    verdicts.give_verdict(ada.id, ids[0], None, "fake")
    verdicts.give_verdict(ben.id, ids[0], None, "real")
    queue(collection_id, ada, ids, verdicts_needed=3)

    splits = program_of(tables, ada).get("/collections/many/agreement")["splits"]
    assert (splits["total"], splits["held_back"], splits["shown"]) == (1, 1, [])


def test_the_dashboard_counts_the_work_of_its_days(tables: Flask) -> None:
    ada, ben = people(2)
    collection_id, ids = images(3)
    made = queue(collection_id, ada, ids)
    for each in ids:
        verdicts.give_verdict(ada.id, each, None, "fake")
    verdicts.give_verdict(ben.id, ids[0], None, "fake")
    program = program_of(tables, ben)

    told = program.get("/collections/many/dashboard")
    assert len(told["days"]) == 28
    assert told["days"][-1]["judged"] == 4
    assert {each["name"]: each["judged"] for each in told["people"]} == {ada.name: 3, ben.name: 1}
    assert (told["coverage"]["judged"], told["coverage"]["compared"]) == (3, 1)
    assert [each["id"] for each in told["queues"]] == [made]
    before = program.get("/collections/many/dashboard?since=2020-01-01&until=2020-01-03")
    assert [each["judged"] for each in before["days"]] == [0, 0, 0]
    program.get("/collections/many/dashboard?since=2020-01-03&until=2020-01-01", 422)
    program.get("/collections/many/dashboard?since=1969-12-31", 422)


def test_figures_of_a_hidden_collection_are_not_told(tables: Flask) -> None:
    ada, ben = people(2)
    images(1)
    membership.save(None, "many", [ada.id], restricted=True)
    program = program_of(tables, ben)

    for each in ("agreement", "dashboard", "to-judge", "data"):
        program.get(f"/collections/many/{each}", 404)


def test_a_token_sets_nobody_s_access_to_a_collection(tables: Flask) -> None:
    """Members are chosen by people: there is no operation, nor a scope for the page."""
    images(1)
    admin = accounts.add_user("root", "correct horse battery", "admin")
    answer = program_of(tables, admin).client.post(
        "/c/many/members",
        data={"seen_by": "members"},
        headers=program_of(tables, admin).headers,
    )

    assert answer.status_code == 403
    assert not membership.access_to("many").restricted
