"""Items of review queues follow the verdicts that they were given."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.store.judgements import Verdict
from workbench.store.queues import Queue, QueueClaim, QueueItem


def follow_verdicts(write: Session, verdict_ids: Collection[int]) -> None:
    """Open items again whose verdicts were withdrawn, close those whose verdicts stand again."""
    write.flush()
    found = write.execute(
        select(QueueItem, Queue.verdicts_needed)
        .join(QueueClaim, QueueClaim.item_id == QueueItem.id)
        .join(Queue, Queue.id == QueueItem.queue_id)
        .where(QueueClaim.verdict_id.in_(verdict_ids), QueueItem.control_answer.is_(None))
    )
    for item, needed in found.tuples().all():
        standing = write.scalar(
            select(func.count())
            .select_from(QueueClaim)
            .join(Verdict, Verdict.id == QueueClaim.verdict_id)
            .where(QueueClaim.item_id == item.id, Verdict.withdrawn_at.is_(None))
        )
        item.open = (standing or 0) < needed
