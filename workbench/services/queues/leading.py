"""What leads do with a review queue: instructions, people, hand-over, controls, pause, end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.queues.leases import own_claim, taken_by_others
from workbench.services.queues.making import LONGEST_INSTRUCTIONS
from workbench.services.queues.taking_part import can_take_part, queue_in, unable_words
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import DECISIONS
from workbench.store.people import User
from workbench.store.queues import Queue, QueueClaim, QueueItem, QueueMember


def active_people(collection_id: int) -> tuple[tuple[int, str], ...]:
    """Those who can take part: ids and names of the active accounts that see a collection."""
    rows = session().execute(
        select(User.id, User.name).where(*can_take_part(collection_id)).order_by(User.name)
    )
    return tuple((user_id, name) for user_id, name in rows)


def write_instructions(user_id: int, collection_id: int, queue_id: int, text: str) -> None:
    """Change what those who judge are told."""
    if len(text) > LONGEST_INSTRUCTIONS:
        raise InvalidError(gettext("The instructions are too long."))
    with transaction() as write:
        queue = _running(write, collection_id, queue_id)
        queue.instructions = text
        _tell(write, user_id, queue, "queue.instruct")


def choose_people(
    user_id: int, collection_id: int, queue_id: int, members: Sequence[int], *, everybody: bool
) -> None:
    """Say who takes part. Who no longer does keeps nothing open; their verdicts stay."""
    with transaction() as write:
        queue = _running(write, collection_id, queue_id)
        chosen = set() if everybody else set(members)
        able = User.id.in_(chosen), *can_take_part(collection_id)
        if chosen != set(write.scalars(select(User.id).where(*able))):
            raise InvalidError(unable_words())
        if not everybody and not chosen:
            raise InvalidError(gettext("Choose at least one person, or everybody."))
        queue.everybody = everybody
        write.execute(delete(QueueMember).where(QueueMember.queue_id == queue_id))
        write.add_all(QueueMember(queue_id=queue_id, user_id=each) for each in sorted(chosen))
        if not everybody:
            for each in _unjudged(write, queue_id):
                if each.user_id not in chosen:
                    each.renewed_at = None
        _tell(write, user_id, queue, "queue.people")


def hand_over(user_id: int, collection_id: int, queue_id: int, from_id: int, to_id: int) -> int:
    """Give another person what one was given and has not judged; how many items.

    What the other has judged already, or holds, is left for everybody, and so is what needs no
    verdict but those that others gave or are at.
    """
    if from_id == to_id:
        raise InvalidError(gettext("Choose two different people."))
    with transaction() as write:
        queue = _running(write, collection_id, queue_id)
        able = User.id == to_id, *can_take_part(collection_id)
        other = write.scalar(select(User).where(*able))
        if other is None:
            raise InvalidError(unable_words())
        if not queue.everybody and write.get(QueueMember, (queue_id, to_id)) is None:
            raise InvalidError(
                gettext("%(name)s does not take part in this queue.", name=other.name)
            )
        handed, at = 0, now()
        items = _lock_items_of(write, queue_id, from_id)
        for each in _unjudged(write, queue_id):
            if each.user_id != from_id or each.item_id not in items:
                continue
            each.renewed_at = each.skipped_at = None
            if _needs(write, queue, items[each.item_id], from_id, at) and not own_claim(
                write, to_id, each.item_id
            ):
                each.user_id, each.claimed_at, each.renewed_at = to_id, at, at
                handed += 1
        _tell(write, user_id, queue, "queue.hand_over", handed=handed)
        return handed


def name_control(
    user_id: int, collection_id: int, queue_id: int, image_id: int, answer: str
) -> None:
    """Make an image of the collection a hidden control with a known answer."""
    if answer not in DECISIONS:
        raise InvalidError(gettext("Choose the known answer: real, fake, unsure or exclude."))
    with transaction() as write:
        queue = _running(write, collection_id, queue_id)
        image = write.get(Image, image_id)
        if image is None or image.collection_id != collection_id:
            raise NotFoundError(gettext("Image not found."))
        item = write.scalar(
            select(QueueItem).where(QueueItem.queue_id == queue_id, QueueItem.image_id == image_id)
        )
        if item is None:
            last = select(func.max(QueueItem.position)).where(QueueItem.queue_id == queue_id)
            write.add(
                QueueItem(
                    queue_id=queue_id,
                    image_id=image_id,
                    position=(write.scalar(last) or 0) + 1,
                    control_answer=answer,
                )
            )
        elif item.control_answer is None:
            raise ConflictError(gettext("This image is one of those that the queue judges."))
        else:
            item.control_answer = answer
        if not queue.control_share:
            queue.control_share = 0.1
        _tell(write, user_id, queue, "queue.control")


def pause(user_id: int, collection_id: int, queue_id: int, *, paused: bool) -> None:
    """Give out nothing more for now, or again; what people are at counts."""
    with transaction() as write:
        queue = _running(write, collection_id, queue_id)
        queue.paused_at = now() if paused else None
        _tell(write, user_id, queue, "queue.pause" if paused else "queue.resume")


def end(user_id: int, collection_id: int, queue_id: int) -> None:
    """End a queue for good. Verdicts stay."""
    with transaction() as write:
        queue = _running(write, collection_id, queue_id)
        queue.ended_at = now()
        for each in _unjudged(write, queue_id):
            each.renewed_at = None
        _tell(write, user_id, queue, "queue.end")


def _running(write: Session, collection_id: int, queue_id: int) -> Queue:
    queue = queue_in(write, collection_id, queue_id)
    if queue.ended_at is not None:
        raise ConflictError(gettext("This queue has ended."))
    return queue


def _lock_items_of(write: Session, queue_id: int, user_id: int) -> dict[int, QueueItem]:
    """The items that a person was given, locked before their claims, as where they are judged."""
    given = select(QueueClaim.item_id).where(QueueClaim.user_id == user_id)
    found = write.scalars(
        select(QueueItem)
        .where(QueueItem.queue_id == queue_id, QueueItem.id.in_(given))
        .order_by(QueueItem.id)
        .with_for_update(of=QueueItem)
        .execution_options(populate_existing=True)
    )
    return {each.id: each for each in found}


def _needs(write: Session, queue: Queue, item: QueueItem, user_id: int, at: datetime) -> bool:
    """Whether an item needs a verdict in this person's place; of a control everybody's counts."""
    if item.control_answer is not None:
        return True
    return item.open and sum(taken_by_others(write, user_id, item.id, at)) < queue.verdicts_needed


def _unjudged(write: Session, queue_id: int) -> Sequence[QueueClaim]:
    """The claims that no verdict was given for, locked: held, run out or skipped."""
    return write.scalars(
        select(QueueClaim)
        .join(QueueItem, QueueItem.id == QueueClaim.item_id)
        .where(QueueItem.queue_id == queue_id, QueueClaim.verdict_id.is_(None))
        .order_by(QueueClaim.id)
        .with_for_update(of=QueueClaim)
        .execution_options(populate_existing=True)
    ).all()


def _tell(write: Session, user_id: int, queue: Queue, action: str, **told: object) -> None:
    audit.record(
        write,
        user_id,
        action,
        f"queue:{queue.id}",
        after={"name": queue.name, **told},
        concerned=Concerned(collection_id=queue.collection_id, version_id=queue.version_id),
    )
