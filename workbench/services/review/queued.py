"""Items of review queues follow the verdicts on their images, and so does what most decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workbench.services.review.adjudications import settle
from workbench.store.judgements import Verdict
from workbench.store.queues import Queue, QueueClaim, QueueItem


def follow_verdicts(write: Session, user_id: int, image_ids: Collection[int]) -> None:
    """Open or close the items of images by the verdicts that stand, and settle what most decide.

    Within the transaction in which this person gave, withdrew or restored verdicts on them, before
    the change is recorded.
    """
    write.flush()
    items = lock_items(write, image_ids)
    if not items:
        return
    of_item = _judged_by(write, [each.id for each in items])
    queues = {
        each.id: each
        for each in write.scalars(select(Queue).where(Queue.id.in_({x.queue_id for x in items})))
    }
    majority = []
    for item in items:
        queue = queues[item.queue_id]
        item.open = len(of_item[item.id]) < queue.verdicts_needed
        if queue.disputes == "majority":
            majority.append(item)
    said = _said(write, {each.image_id for each in majority}) if majority else {}
    opinions: dict[int, list[str]] = {each.image_id: [] for each in majority}
    for item in majority:
        if not item.open:
            of_image = [said[item.image_id, person] for person in of_item[item.id]]
            # People who agree decide without an adjudication.
            opinions[item.image_id] = of_image if len(set(of_image)) > 1 else []
    for image_id, decisions in opinions.items():
        settle(write, user_id, image_id, decisions)


def lock_items(write: Session, image_ids: Collection[int]) -> Sequence[QueueItem]:
    """The items of images that are no controls, locked: verdicts on them are counted in turn."""
    return write.scalars(_items(image_ids)).all()


def _items(image_ids: Collection[int]) -> Select[tuple[QueueItem]]:
    return (
        select(QueueItem)
        .where(QueueItem.image_id.in_(image_ids), QueueItem.control_answer.is_(None))
        .order_by(QueueItem.id)
        .with_for_update(of=QueueItem)
        .execution_options(populate_existing=True)
    )


def _judged_by(write: Session, item_ids: Sequence[int]) -> dict[int, list[int]]:
    """Whose verdicts the queue has of each item."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    rows = write.execute(
        select(QueueClaim.item_id, QueueClaim.user_id)
        .join(Verdict, Verdict.id == QueueClaim.verdict_id)
        .where(QueueClaim.item_id.in_(item_ids), Verdict.withdrawn_at.is_(None))
    )
    for item_id, user_id in rows:
        found[item_id].append(user_id)
    return found


def _said(write: Session, image_ids: Collection[int]) -> dict[tuple[int, int], str]:
    """What each person says of each image at present: their newest verdict that stands."""
    rows = write.execute(
        select(Verdict.image_id, Verdict.user_id, Verdict.decision)
        .where(Verdict.image_id.in_(image_ids), Verdict.withdrawn_at.is_(None))
        .order_by(Verdict.id)
    )
    return {(image_id, user_id): decision for image_id, user_id, decision in rows}
