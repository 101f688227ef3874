"""Judging an item of a review queue: the verdict is kept in any case, and counts where it can."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from workbench.services.errors import NotFoundError
from workbench.services.queues.leases import is_live, own_claim, taken_by_others
from workbench.services.queues.taking_part import find_queue, is_taking_part, queue_in
from workbench.services.review import verdicts
from workbench.services.review.decision_changes import record_change
from workbench.services.review.queued import follow_verdicts, lock_items
from workbench.services.review.verdicts import Said, VerdictView
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.queues import Queue, QueueClaim, QueueItem


@dataclass(frozen=True)
class Judged:
    """A verdict on an item, and what came of it."""

    verdict: VerdictView
    counted: bool
    """Whether it is one of the queue's verdicts; else it is kept on the image alone."""
    why_not: str
    """Said to the person where it is not."""
    ends_round: int | None
    """The number, from 1, of the round of the person's that it ends."""


def judge(
    user_id: int, collection_id: int, queue_id: int, image_id: int, said: Said, *, seen: int | None
) -> Judged:
    """Give a verdict on an image of a queue.

    After a lost lease it counts if the item still needs one that nobody else is at; else it is a
    verdict on the image beside the queue. `seen` is as in `give_verdict`. Raises NotFoundError
    where the image was removed meanwhile, EditConflictError for a second verdict in haste.
    """
    queue = find_queue(collection_id, queue_id)
    found = (
        session()
        .execute(
            select(QueueItem.id, Image.label, QueueClaim.verdict_id)
            .join(Image, Image.id == QueueItem.image_id)
            .outerjoin(
                QueueClaim,
                and_(QueueClaim.item_id == QueueItem.id, QueueClaim.user_id == user_id),
            )
            .where(QueueItem.queue_id == queue_id, QueueItem.image_id == image_id)
        )
        .first()
    )
    if found is None:
        raise NotFoundError(gettext("This image was removed from the workbench meanwhile."))
    item_id, label, earlier = found
    # Who has decided is shown everything: a verdict that they change then is not blind any more.
    blind = queue.blind and earlier is None
    prepared = verdicts.prepare(
        user_id,
        image_id,
        queue.version_id,
        said,
        shown_label=None if blind else label,
        blind=blind,
    )
    with transaction() as write:
        queue = queue_in(write, collection_id, queue_id)
        # The image is locked before its items, as wherever a verdict is given.
        if seen is not None:
            verdicts.refuse_unseen(write, user_id, image_id, seen, prepared.said)
        lock_items(write, [image_id])
        item = write.get(QueueItem, item_id)
        if item is None:
            raise NotFoundError(gettext("This image was removed from the workbench meanwhile."))
        own = own_claim(write, user_id, item_id)
        anew = own is not None and own.verdict_id is not None
        why_not = _why_not(write, user_id, queue, item, own)
        given = verdicts.add_verdict(write, prepared)
        if own is not None and not why_not:
            _count(write, own, given)
        elif own is not None:
            own.renewed_at = None
        follow_verdicts(write, user_id, [image_id])
        done = _judged_by(write, user_id, queue_id)
        record_change(write, image_id)
    ends = not why_not and not anew and done % queue.round_size == 0
    return Judged(given, not why_not, why_not, done // queue.round_size if ends else None)


def _why_not(
    write: Session, user_id: int, queue: Queue, item: QueueItem, own: QueueClaim | None
) -> str:
    """Why a person's verdict does not count in the queue; empty where it does."""
    if queue.ended_at is not None:
        return gettext("The queue has ended: your verdict is kept on the image.")
    if not is_taking_part(write, queue, user_id):
        return gettext(
            "You do not take part in this queue any more: your verdict is kept on the image."
        )
    if own is None:
        return gettext(
            "This image of the queue was not given to you: your verdict is kept on the image."
        )
    if item.control_answer is not None:
        return ""
    at = now()
    judged, held = taken_by_others(write, user_id, item.id, at)
    holds = own.verdict_id is not None or is_live(own, at)
    if judged + (0 if holds else held) < queue.verdicts_needed:
        return ""
    return gettext(
        "Others judged this image while your turn at it had run out: your verdict is kept on the "
        "image, and does not count in the queue."
    )


def _count(write: Session, own: QueueClaim, given: VerdictView) -> None:
    at = now()
    own.judged_at = own.judged_at or at
    own.first_decision = own.first_decision or given.decision
    own.verdict_id = given.id
    own.renewed_at = own.skipped_at = None
    write.flush()


def _judged_by(write: Session, user_id: int, queue_id: int) -> int:
    """How many items of a queue a person has judged."""
    return (
        write.scalar(
            select(func.count())
            .select_from(QueueClaim)
            .join(QueueItem, QueueItem.id == QueueClaim.item_id)
            .where(
                QueueItem.queue_id == queue_id,
                QueueClaim.user_id == user_id,
                QueueClaim.verdict_id.is_not(None),
            )
        )
        or 0
    )
