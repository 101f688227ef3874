"""A request that comes again under its key is answered as before, and carried out once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.integration.api.conftest import Program, program_of
from tests.support.at_once import at_once
from workbench.services import repeats
from workbench.services.accounts import Account
from workbench.services.removal.images import remove_image
from workbench.services.review import verdicts
from workbench.services.workspaces import Workspace
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.people import AuditEvent
from workbench.store.repeats import RequestKey

pytestmark = pytest.mark.analysed
FAKE = {"decision": "fake", "reason": "six fingers"}


@pytest.fixture
def path(analysed: Workspace) -> str:
    first = session().scalar(
        select(func.min(Image.id)).where(Image.collection_id == analysed.collection.id)
    )
    return f"/collections/pictures/images/{first}/verdicts"


def counts() -> tuple[Any, Any]:
    session().rollback()
    given = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "verdict.give")
    return session().scalar(select(func.count()).select_from(Verdict)), session().scalar(given)


def test_a_verdict_that_is_sent_twice_is_given_once(path: str, program: Program) -> None:
    first = program.ask("POST", path, FAKE, Idempotency_Key="one")
    again = program.ask("POST", path, FAKE, Idempotency_Key="one")

    assert first.status_code == again.status_code == 201
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert counts() == (1, 1)


def test_the_same_key_with_another_body_is_refused(path: str, program: Program) -> None:
    program.ask("POST", path, FAKE, Idempotency_Key="one")
    other = program.ask("POST", path, {"decision": "real"}, Idempotency_Key="one")

    assert other.status_code == 422
    assert other.get_json()["type"].endswith(":idempotency-key-reused")
    assert counts() == (1, 1)


def test_a_key_is_somebody_s_own(path: str, program: Program, ben: Account, tables: Flask) -> None:
    program.ask("POST", path, FAKE, Idempotency_Key="one")
    other = program_of(tables, ben).ask("POST", path, FAKE, Idempotency_Key="one")

    assert other.status_code == 201
    assert counts() == (2, 2)


def test_what_is_sent_at_one_moment_is_carried_out_once(
    path: str, program: Program, tables: Flask
) -> None:
    def send() -> int:
        return program.ask("POST", path, FAKE, Idempotency_Key="one").status_code

    statuses = at_once(tables, *[send] * 4)

    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert counts() == (1, 1)


def test_what_is_refused_is_not_remembered(path: str, program: Program) -> None:
    refused = program.ask(
        "POST", path, FAKE | {"wrong_reason": True, "decision": "unsure"}, Idempotency_Key="one"
    )
    right = program.ask("POST", path, FAKE, Idempotency_Key="one")

    assert refused.status_code == 422
    assert right.status_code == 201
    assert counts() == (1, 1)


def test_a_request_whose_answer_was_lost_is_not_repeated(
    path: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as lost:
        lost.setattr(repeats, "keep", lambda *_arguments: None)
        program.ask("POST", path, FAKE, Idempotency_Key="one")
    again = program.ask("POST", path, FAKE, Idempotency_Key="one")

    assert again.status_code == 409
    assert again.get_json()["type"].endswith(":unanswered")
    assert counts() == (1, 1)


def test_a_key_is_forgotten_after_a_day(path: str, program: Program) -> None:
    program.ask("POST", path, FAKE, Idempotency_Key="one")
    with transaction() as write:
        write.execute(update(RequestKey).values(created_at=now() - timedelta(hours=25)))
    program.ask("POST", path, FAKE, Idempotency_Key="one")
    assert counts() == (2, 2)

    with transaction() as write:
        write.execute(update(RequestKey).values(created_at=now() - timedelta(hours=25)))
    repeats.sweep()
    assert session().scalar(select(func.count()).select_from(RequestKey)) == 0


def test_a_takedown_forgets_the_answers_and_keeps_the_keys(
    path: str, program: Program, tables: Flask
) -> None:
    program.ask("POST", path, FAKE, Idempotency_Key="one")
    remove_image(int(path.split("/")[4]), None, tables.config["WORKBENCH"])

    session().rollback()
    kept = session().scalars(select(RequestKey)).one()
    assert (kept.key, kept.status, kept.answer) == ("one", None, None)


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none_is_refused(path: str, program: Program, key: str) -> None:
    assert program.ask("POST", path, FAKE, Idempotency_Key=key).status_code == 422
    assert counts() == (0, 0)


def test_verdicts_are_given_listed_and_withdrawn(path: str, program: Program) -> None:
    given = program.post(path, FAKE)
    assert [each["id"] for each in program.get(path)["items"]] == [given["id"]]
    assert given["by"] == "ada"
    event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert event.token_id is not None

    assert program.delete(f"/verdicts/{given['id']}")["withdrawn"]
    assert verdicts.history(int(path.split("/")[4]))[0].withdrawn
    assert program.delete(f"/verdicts/{given['id']}", 404)["title"] == "Not found"


def test_a_verdict_over_one_that_was_not_seen_is_refused_with_both(
    path: str, program: Program
) -> None:
    given = program.post(path, FAKE)
    problem = program.post(path, {"decision": "real", "seen": 0}, 409)

    assert problem["type"].endswith(":edit-conflict")
    assert problem["revision"] == given["id"]
    assert {"name": "decision", "theirs": "fake", "yours": "real"} in problem["fields"]
    assert counts() == (1, 1)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": "[]", "content_type": "application/json"}, 400),
        ({"data": "decision=fake", "content_type": "application/x-www-form-urlencoded"}, 415),
        ({"data": "{}", "content_type": "application/json"}, 422),
        ({"data": '{"decision": "perhaps"}', "content_type": "application/json"}, 422),
        ({"data": '{"decision": "fake", "why": "so"}', "content_type": "application/json"}, 422),
    ],
)
def test_a_body_that_is_no_verdict_is_refused(
    path: str, program: Program, sent: dict[str, Any], status: int
) -> None:
    answer = program.client.post(f"/api/v1{path}", headers=program.headers, **sent)

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert counts() == (0, 0)
