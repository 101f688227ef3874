"""Which verdicts of a queue a reader is told of: none that gives a hidden control away (ADR 63)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from workbench.store.queues import Queue, QueueClaim, QueueItem


def is_counted(queue_ids: Sequence[int], *, leads: bool) -> ColumnElement[bool]:
    """Whether a claim's verdict counts in the figures of a reader.

    Those of a queue with hidden controls count once their round has ended, when the person was told
    of the controls in it; who read them after each verdict would see which image did not count.
    Leads, who may know, are told of each at once.
    """
    if leads:
        return true()
    of_person = (QueueItem.queue_id, QueueClaim.user_id)
    place = func.row_number().over(
        partition_by=of_person, order_by=(QueueClaim.judged_at, QueueClaim.id)
    )
    item = aliased(QueueItem)
    left = exists().where(item.queue_id == Queue.id, item.open, item.control_answer.is_(None))
    numbered = (
        select(
            QueueClaim.id,
            place.label("place"),
            func.count().over(partition_by=of_person).label("given"),
            Queue.round_size,
            or_(Queue.control_share == 0, Queue.ended_at.is_not(None), ~left).label("all_told"),
        )
        .select_from(QueueClaim)
        .join(QueueItem, QueueItem.id == QueueClaim.item_id)
        .join(Queue, Queue.id == QueueItem.queue_id)
        .where(Queue.id.in_(queue_ids), QueueClaim.verdict_id.is_not(None))
        .subquery()
    )
    in_ended_rounds = (
        numbered.c.place <= numbered.c.given - numbered.c.given % numbered.c.round_size
    )
    return QueueClaim.id.in_(select(numbered.c.id).where(or_(numbered.c.all_told, in_ended_rounds)))
