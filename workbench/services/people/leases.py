"""Leases on images of review queues, of people who no longer see or do something."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, update
from sqlalchemy.orm import Session

from workbench.services import visibility
from workbench.store.queues import Queue, QueueClaim, QueueItem


def end_leases(write: Session, *of_whom: ColumnElement[bool]) -> None:
    """End what people hold in queues, so that it is given to others at once."""
    held = exists().where(
        QueueItem.id == QueueClaim.item_id, Queue.id == QueueItem.queue_id, *of_whom
    )
    write.execute(
        update(QueueClaim)
        .where(QueueClaim.renewed_at.is_not(None), held)
        .values(renewed_at=None)
        .execution_options(synchronize_session=False)
    )


def unseen() -> ColumnElement[bool]:
    """The condition that whose lease it is does not see the queue's collection."""
    return ~visibility.seen_by(QueueClaim.user_id, Queue.collection_id)
