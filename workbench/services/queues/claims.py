"""Claims: each person is given one image of a queue at a time, under a lease (ADR 63).

An item is given to no more people than it needs verdicts of, and to nobody twice. A lease that is
not renewed runs out, and the item is given to somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.queues.leases import is_live, item_of, live, own_claim
from workbench.services.queues.next_items import first_item, next_item
from workbench.services.queues.taking_part import closed_words, is_taking_part, queue_in
from workbench.store.database import now, session, transaction
from workbench.store.people import User
from workbench.store.queues import Queue, QueueClaim, QueueItem

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
            item = next_item(write, user_id, queue, at, skipped=skipped, wait=not ids)
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


def is_anything_left(user_id: int, queue: Queue) -> bool:
    """Whether a person has something to judge in a queue, now or once it goes on."""
    if queue.ended_at is not None or not is_taking_part(session(), queue, user_id):
        return False
    at = now()
    held = any(each.verdict_id is None for each in _held(session(), user_id, queue, at))
    return held or first_item(session(), user_id, queue, at, None, lock=False) is not None


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


def _give(write: Session, user_id: int, item: QueueItem, at: datetime) -> None:
    own = own_claim(write, user_id, item.id)
    if own is None:
        write.add(QueueClaim(item_id=item.id, user_id=user_id, claimed_at=at, renewed_at=at))
    else:
        own.claimed_at = own.renewed_at = at
    write.flush()
