"""A queue is made in steps, and told of once it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from tests.support.queueing import images, people
from workbench.services.queues import making
from workbench.services.queues.making import Plan, make_queue
from workbench.services.queues.sources import Source
from workbench.store.database import session
from workbench.store.people import AuditEvent
from workbench.store.queues import Queue, QueueItem

pytestmark = pytest.mark.usefixtures("tables")


def told() -> list[AuditEvent]:
    session().rollback()
    return list(session().scalars(select(AuditEvent).where(AuditEvent.action == "queue.make")))


def test_a_queue_is_recorded_once_all_its_images_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (ada,) = people(1)
    collection_id, ids = images(3)
    row = making._row
    monkeypatch.setattr(making, "_row", lambda by, of, _version, plan: row(by, of, None, plan))
    monkeypatch.setattr(making, "images_of", lambda *_: ids)
    written = making.write_in_chunks
    meanwhile: list[int] = []

    def watched(rows: Sequence[Any], write_some: Callable[..., None]) -> None:
        written(rows, write_some)
        meanwhile.append(len(told()))

    monkeypatch.setattr(making, "write_in_chunks", watched)

    queue_id = make_queue(ada.id, collection_id, 0, Plan("errors", Source("random")))

    assert meanwhile == [0]
    (event,) = told()
    assert (event.subject, event.user_id) == (f"queue:{queue_id}", ada.id)
    assert event.after == {"name": "errors", "images": 3, "controls": 0}
    assert session().get_one(Queue, queue_id).ready_at is not None
    of_it = select(QueueItem.image_id).where(QueueItem.queue_id == queue_id)
    assert sorted(session().scalars(of_it)) == ids
