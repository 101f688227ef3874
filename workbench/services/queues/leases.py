"""Leases: who holds an item of a review queue, and until when (ADR 63)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from workbench.store.judgements import Verdict
from workbench.store.queues import QueueClaim, QueueItem

LEASE: Final = timedelta(minutes=10)
SKEW: Final = timedelta(minutes=1)
"""So much later than here it may be on another machine. A lease from further ahead is from before
the clock was set back, and has run out."""


def is_live(claim: QueueClaim, at: datetime) -> bool:
    """Whether a claim's lease runs."""
    renewed = claim.renewed_at
    return renewed is not None and at - LEASE < renewed <= at + SKEW


def live(claim: type[QueueClaim], at: datetime) -> ColumnElement[bool]:
    """The same as a condition; also where the clock was set back."""
    return and_(claim.renewed_at > at - LEASE, claim.renewed_at <= at + SKEW)


def item_of(write: Session, queue_id: int, image_id: int) -> QueueItem | None:
    """The item of an image in a queue."""
    return write.scalar(
        select(QueueItem).where(QueueItem.queue_id == queue_id, QueueItem.image_id == image_id)
    )


def own_claim(write: Session, user_id: int, item_id: int) -> QueueClaim | None:
    """A person's claim of an item, as it stands in the database."""
    return write.scalar(
        select(QueueClaim)
        .where(QueueClaim.item_id == item_id, QueueClaim.user_id == user_id)
        .execution_options(populate_existing=True)
    )


def taken_by_others(write: Session, user_id: int, item_id: int, at: datetime) -> tuple[int, int]:
    """How many others have judged an item, and how many hold it."""
    rows = write.execute(
        select(Verdict.id, live(QueueClaim, at))
        .select_from(QueueClaim)
        .outerjoin(
            Verdict, and_(Verdict.id == QueueClaim.verdict_id, Verdict.withdrawn_at.is_(None))
        )
        .where(QueueClaim.item_id == item_id, QueueClaim.user_id != user_id)
    ).all()
    judged = sum(verdict is not None for verdict, _holds in rows)
    return judged, sum(verdict is None and bool(holds) for verdict, holds in rows)
