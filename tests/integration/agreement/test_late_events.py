"""On PostgreSQL a decision can be seen after a later one: what was computed between is not kept."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from tests.support.patience import PATIENCE_S
from tests.support.queueing import images, people
from workbench.services import audit
from workbench.services.agreement.report import report
from workbench.services.review import verdicts
from workbench.store.database import now, session, transaction
from workbench.store.freshness import rows_added
from workbench.store.judgements import Verdict
from workbench.store.people import AuditEvent


@pytest.fixture
def database_kind() -> str:
    """PostgreSQL alone: SQLite lets one write after the other."""
    return "postgresql"


def test_a_decision_that_is_seen_late_is_compared(tables: Flask) -> None:
    ada, ben, eve = people(3)
    collection_id, (first, second) = images(2)
    for image_id in (first, second):
        verdicts.give_verdict(ada.id, image_id, None, "real")
    decided, end = threading.Event(), threading.Event()

    def decide_slowly() -> None:
        with tables.app_context(), transaction() as write:
            given = {"image_id": second, "user_id": eve.id, "decision": "fake"}
            write.execute(insert(Verdict).values(**given, created_at=now()))
            audit.record(write, eve.id, "verdict.give", f"image:{second}")
            write.flush()
            decided.set()
            end.wait(PATIENCE_S)

    thread = threading.Thread(target=decide_slowly)
    thread.start()
    assert decided.wait(PATIENCE_S)
    verdicts.give_verdict(ben.id, first, None, "real")
    before = report(collection_id, None, "all", None).lines[0].agreement
    newest = session().scalar(select(func.max(AuditEvent.id)))
    known = rows_added(AuditEvent.id)
    end.set()
    thread.join()
    session().rollback()

    after = report(collection_id, None, "all", None).lines[0].agreement

    assert session().scalar(select(func.max(AuditEvent.id))) == newest, "the later one has it"
    assert rows_added(AuditEvent.id) == (known[0], known[1] + 1)
    assert (before.units, after.units) == (1, 2)
