"""Claims: each person is given one image of a queue at a time, under a lease (ADR 63).

An item is given to no more people than it needs verdicts of, and to nobody twice. A lease that is
not renewed runs out, and the item is given to somebody else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask_babel import gettext
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.queues.taking_part import closed_words, is_taking_part, queue_in
from workbench.store.database import now, session, transaction
from workbench.store.judgements import Verdict
from workbench.store.people import User
from workbench.store.queues import Queue, QueueClaim, QueueItem

LEASE: Final = timedelta(minutes=10)
SKEW: Final = timedelta(minutes=1)
"""So much later than here it may be on another machine. A lease from further ahead is from before
the clock was set back, and has run out."""
AT_HAND: Final = 2
"""So many items a person holds at once: the one that is shown, and the next, fetched ahead."""


@dataclass(frozen=True)
class Claimed:
    """The images of the items that a person holds, in the order in which they are shown.

    Items are called by their images: ids of items would tell which were written as controls.
    """

    image_ids: tuple[int, ...]


def claim(user_id: int, collection_id: int, queue_id: int, *, after: int | None = None) -> Claimed:
    """Give a person the next items of a queue, or those that they hold already.

    `after` is the image of one that they skip: it comes back after all others. Nothing where
    none is left for them. Raises NotFoundError for an unknown queue, ConflictError for one that is
    closed.
    """
    at = now()
    with transaction() as write:
        queue = queue_in(write, collection_id, queue_id)
        closed = closed_words(write, queue, user_id)
        if closed:
            raise ConflictError(closed)
        # One after the other, where the same person asks in several tabs.
        write.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
        skipped = None if after is None else _skip(write, user_id, queue, after, at)
        held = _held(write, user_id, queue, at)
        for each in held:
            each.renewed_at = at
        write.flush()
        ids = [each.item_id for each in held]
        while len(ids) < AT_HAND:
            item = _next(write, user_id, queue, at, skipped=skipped, wait=not ids)
            if item is None:
                break
            _give(write, user_id, item, at)
            ids.append(item.id)
        images = select(QueueItem.id, QueueItem.image_id).where(QueueItem.id.in_(ids))
        image_of = dict(write.execute(images).tuples().all())
        return Claimed(tuple(image_of[each] for each in ids))


def renew(user_id: int, collection_id: int, queue_id: int, image_id: int) -> bool:
    """Renew the lease of an image that a person works at; whether they still hold it."""
    at = now()
    with transaction() as write:
        queue_in(write, collection_id, queue_id)
        item = item_of(write, queue_id, image_id)
        own = own_claim(write, user_id, item.id) if item else None
        if own is None or not is_live(own, at):
            return False
        own.renewed_at = at
        return True


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


def is_anything_left(user_id: int, queue: Queue) -> bool:
    """Whether a person has something to judge in a queue, now or once it goes on."""
    if queue.ended_at is not None or not is_taking_part(session(), queue, user_id):
        return False
    at = now()
    held = any(each.verdict_id is None for each in _held(session(), user_id, queue, at))
    return held or _first(session(), user_id, queue, at, None, lock=False) is not None


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


def _held(write: Session, user_id: int, queue: Queue, at: datetime) -> list[QueueClaim]:
    """The claims of a person whose leases run, the longest held first."""
    return list(
        write.scalars(
            select(QueueClaim)
            .join(QueueItem, QueueItem.id == QueueClaim.item_id)
            .where(
                QueueItem.queue_id == queue.id,
                QueueClaim.user_id == user_id,
                live(QueueClaim, at),
            )
            .order_by(QueueClaim.claimed_at, QueueClaim.id)
        )
    )


def _skip(write: Session, user_id: int, queue: Queue, image_id: int, at: datetime) -> int:
    """Skip the item of an image; its id."""
    item = item_of(write, queue.id, image_id)
    if item is None:
        raise NotFoundError(gettext("This image is no longer in the queue."))
    own = own_claim(write, user_id, item.id)
    if own is not None and own.renewed_at is not None:
        own.renewed_at = None
        own.skipped_at = at
        write.flush()
    return item.id


def _next(
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
        if control is not None and _first(write, user_id, queue, at, skipped, lock=False):
            return control
    return _first(write, user_id, queue, at, skipped, lock=True, wait=wait)


def _first(
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


def _give(write: Session, user_id: int, item: QueueItem, at: datetime) -> None:
    own = own_claim(write, user_id, item.id)
    if own is None:
        write.add(QueueClaim(item_id=item.id, user_id=user_id, claimed_at=at, renewed_at=at))
    else:
        own.claimed_at = own.renewed_at = at
    write.flush()
