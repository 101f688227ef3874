"""On PostgreSQL an event can be committed after a later one: it is waited for."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import select

from tests.integration.webhooks.conftest import deliveries, read_log
from tests.support.patience import PATIENCE_S
from tests.support.queueing import images, people
from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.review import verdicts
from workbench.services.webhooks.administration import Made
from workbench.store.database import session, transaction
from workbench.store.people import AuditEvent, User


@pytest.fixture
def database_kind() -> str:
    """PostgreSQL alone: SQLite lets one write after the other."""
    return "postgresql"


def test_an_event_with_a_smaller_id_that_is_committed_later_is_not_lost(
    tables: Flask, webhook: Made
) -> None:
    (ada,) = people(1)
    collection_id, (first, second) = images(2)
    written, end = threading.Event(), threading.Event()

    def decide_slowly() -> None:
        with tables.app_context(), transaction() as write:
            write.get_one(User, ada.id, with_for_update={"key_share": True})
            concerned = Concerned(image_id=first, collection_id=collection_id)
            audit.record(write, ada.id, "verdict.give", "verdict:1", concerned=concerned)
            write.flush()
            written.set()
            assert end.wait(PATIENCE_S)

    slow = threading.Thread(target=decide_slowly)
    slow.start()
    assert written.wait(PATIENCE_S)
    verdicts.give_verdict(ada.id, second, None, "fake")
    read_log()
    assert deliveries() == []  # the later one waits for the earlier one

    end.set()
    slow.join()
    read_log()

    ids = session().scalars(
        select(AuditEvent.id).where(AuditEvent.action == "verdict.give").order_by(AuditEvent.id)
    )
    assert [each.events for each in deliveries()] == [2]
    body = deliveries()[0].body
    assert [f'"id":{each},' in body for each in ids] == [True, True]
