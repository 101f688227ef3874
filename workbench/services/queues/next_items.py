"""Which item of a review queue a person is given next: the first that needs them, or a control."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from workbench.services.queues.leases import live, taken_by_others
from workbench.store.judgements import Verdict
from workbench.store.queues import Queue, QueueClaim, QueueItem


def next_item(
    write: Session,
    user_id: int,
    queue: Queue,
    at: datetime,
    *,
    skipped: int | None,
    wait: bool,
) -> QueueItem | None:
    """The next item for a person, locked: now and then a hidden control.

    Not the one that they skip just now: somebody else may want it. `wait` for what others are being
    given, where nothing else is left; who holds an item already must not, as the others may wait
    for that one.
    """
    if queue.control_share and secrets.randbelow(1000) < 1000 * queue.control_share:
        control = write.scalars(_controls(user_id, queue, at)).first()
        # Controls are mixed in: where nothing else is left, none is given.
        if control is not None and first_item(write, user_id, queue, at, skipped, lock=False):
            return control
    return first_item(write, user_id, queue, at, skipped, lock=True, wait=wait)


def first_item(
    write: Session,
    user_id: int,
    queue: Queue,
    at: datetime,
    skipped: int | None,
    *,
    lock: bool,
    wait: bool = False,
) -> QueueItem | None:
    """The first item that needs a verdict of a person: a new one, else one that they skipped."""
    # What somebody else is being given this moment is passed over, unless nothing is left.
    for waits in (False, True) if wait else (False,):
        for items in (_new_items(user_id), _skipped_items(user_id)):
            passed = [] if skipped is None else [skipped]
            while True:
                asked = items.where(
                    *_needed_of(user_id, queue, at), QueueItem.id.not_in(passed)
                ).limit(1)
                if lock:
                    asked = asked.with_for_update(of=QueueItem, skip_locked=not waits)
                item = write.scalars(asked).first()
                if item is None:
                    break
                # Counted again under the lock: the query saw the claims of before it waited for it.
                if sum(taken_by_others(write, user_id, item.id, at)) < queue.verdicts_needed:
                    return item
                passed.append(item.id)
    return None


def _new_items(user_id: int) -> Select[tuple[QueueItem]]:
    """The items that a person has not skipped; the index of open ones gives them in order."""
    skipped = exists().where(
        QueueClaim.item_id == QueueItem.id,
        QueueClaim.user_id == user_id,
        QueueClaim.skipped_at.is_not(None),
    )
    return select(QueueItem).where(~skipped).order_by(QueueItem.position)


def _skipped_items(user_id: int) -> Select[tuple[QueueItem]]:
    """Those that they have, the one skipped longest ago first."""
    own = aliased(QueueClaim)
    return (
        select(QueueItem)
        .join(own, and_(own.item_id == QueueItem.id, own.user_id == user_id))
        .where(own.skipped_at.is_not(None))
        .order_by(own.skipped_at, QueueItem.position)
    )


def _needed_of(user_id: int, queue: Queue, at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whether an item of a queue needs a verdict of a person."""
    taken = (
        select(func.count())
        .select_from(QueueClaim)
        .outerjoin(Verdict, Verdict.id == QueueClaim.verdict_id)
        .where(
            QueueClaim.item_id == QueueItem.id,
            or_(
                and_(Verdict.id.is_not(None), Verdict.withdrawn_at.is_(None)),
                live(QueueClaim, at),
            ),
        )
        .correlate(QueueItem)
        .scalar_subquery()
    )
    return (
        QueueItem.queue_id == queue.id,
        # As the partial index has it: SQLAlchemy would write "open = 1" for SQLite.
        literal_column("queue_item.open"),
        QueueItem.control_answer.is_(None),
        taken < queue.verdicts_needed,
        ~_is_with(user_id, at),
    )


def _controls(user_id: int, queue: Queue, at: datetime) -> Select[tuple[QueueItem]]:
    """A control that a person has not judged, in no order that others have, too."""
    return (
        select(QueueItem)
        .where(
            QueueItem.queue_id == queue.id,
            QueueItem.control_answer.is_not(None),
            ~_is_with(user_id, at),
        )
        .order_by(func.random())
        .limit(1)
    )


def _is_with(user_id: int, at: datetime) -> ColumnElement[bool]:
    """Whether a person has judged an item, or holds it."""
    return (
        exists()
        .where(
            QueueClaim.item_id == QueueItem.id,
            QueueClaim.user_id == user_id,
            or_(
                live(QueueClaim, at),
                exists().where(Verdict.id == QueueClaim.verdict_id, Verdict.withdrawn_at.is_(None)),
            ),
        )
        .correlate(QueueItem)
    )
