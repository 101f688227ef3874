"""The images of a review queue as one person walks through them: shown, gone back to, undone."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import func, select

from workbench.services.errors import NotFoundError
from workbench.services.queues.leases import is_live, live
from workbench.services.queues.taking_part import find_queue, queue_in
from workbench.services.review import verdicts
from workbench.services.review.labels import standing_verdicts
from workbench.services.review.verdicts import VerdictView
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.queues import Queue, QueueClaim, QueueItem
from workbench.store.results import Prediction


@dataclass(frozen=True)
class Told:
    """What a person is told of an image: in a blind queue, once they have decided."""

    label: str | None
    """As imported: what was decided since would give hidden controls away."""
    p: float | None
    version_id: int | None
    others: tuple[VerdictView, ...]
    """What others say; empty until the person has decided, in every queue."""


@dataclass(frozen=True)
class ItemView:
    """An item of a queue as one person is shown it."""

    image_id: int
    queue_id: int
    queue: str
    instructions: str
    reasons: tuple[str, ...]
    blind: bool
    told: Told | None
    """None where label, score and heatmap are hidden."""
    own: VerdictView | None
    """The person's newest standing verdict on the image, once they have decided here."""
    seen: int
    """The id of their newest, wherever they gave it; 0 without one."""
    holds: bool
    """Whether it is the person's turn: else it is one that they judged, or had."""
    previous: int | None
    """The image that they judged or skipped before this one."""
    following: int | None
    """The next one that they hold."""
    done: int
    """Items that they have judged in the queue."""
    round_size: int

    @property
    def in_round(self) -> int:
        """How many of the round they have judged."""
        return self.done % self.round_size


def item_view(user_id: int, collection_id: int, queue_id: int, image_id: int) -> ItemView:
    """The item of an image that a person was given. Raises NotFoundError for any other."""
    queue = find_queue(collection_id, queue_id)
    found = (
        session()
        .execute(
            select(Image.label, QueueClaim)
            .select_from(QueueItem)
            .join(Image, Image.id == QueueItem.image_id)
            .join(QueueClaim, QueueClaim.item_id == QueueItem.id)
            .where(
                QueueItem.queue_id == queue_id,
                QueueItem.image_id == image_id,
                QueueClaim.user_id == user_id,
            )
        )
        .first()
    )
    if found is None:
        raise NotFoundError(gettext("This image is not one that you were given."))
    label, own_claim = found
    given = verdicts.history(image_id)
    standing = {each.id: each for each in standing_verdicts(given)}
    own_id = _own_verdict(user_id, image_id)
    decided = own_claim.verdict_id is not None
    return ItemView(
        image_id=image_id,
        queue_id=queue_id,
        queue=queue.name,
        instructions=queue.instructions,
        reasons=tuple(queue.reasons),
        blind=queue.blind,
        told=None
        if queue.blind and not decided
        else Told(
            label=label,
            p=_p(image_id, queue.version_id),
            version_id=queue.version_id,
            others=tuple(each for each in standing.values() if each.id != own_id)
            if decided
            else (),
        ),
        own=standing.get(own_id) if decided else None,
        seen=own_id,
        holds=is_live(own_claim, now()),
        previous=_previous(user_id, queue_id, own_claim),
        following=_following(user_id, queue, image_id),
        done=_done(user_id, queue_id),
        round_size=queue.round_size,
    )


def undo_last(user_id: int, collection_id: int, queue_id: int) -> int:
    """Withdraw the newest standing verdict of a person in a queue, and give them the image again.

    Its id; called again it goes back further. Raises NotFoundError where none is left.
    """
    with transaction() as write:
        queue_in(write, collection_id, queue_id)
        newest = write.execute(
            select(QueueClaim.id, QueueItem.image_id, Verdict.id)
            .join(QueueItem, QueueItem.id == QueueClaim.item_id)
            .join(Verdict, Verdict.id == QueueClaim.verdict_id)
            .where(
                QueueItem.queue_id == queue_id,
                QueueClaim.user_id == user_id,
                Verdict.withdrawn_at.is_(None),
            )
            .order_by(Verdict.id.desc())
            .limit(1)
        ).first()
        if newest is None:
            raise NotFoundError(gettext("There is nothing to undo in this queue."))
        claim_id, image_id, verdict_id = newest
        verdicts.withdraw_within(write, user_id, verdict_id)
        own = write.get_one(QueueClaim, claim_id, populate_existing=True)
        own.claimed_at = own.renewed_at = now()
        return int(image_id)


def _own_verdict(user_id: int, image_id: int) -> int:
    return (
        session().scalar(
            select(func.max(Verdict.id)).where(
                Verdict.image_id == image_id,
                Verdict.user_id == user_id,
                Verdict.withdrawn_at.is_(None),
            )
        )
        or 0
    )


def _p(image_id: int, version_id: int | None) -> float | None:
    return session().scalar(
        select(Prediction.p).where(
            Prediction.image_id == image_id, Prediction.version_id == version_id
        )
    )


def _previous(user_id: int, queue_id: int, own: QueueClaim) -> int | None:
    """The image that a person was given, and is done with, before this one."""
    behind = func.coalesce(QueueClaim.skipped_at, QueueClaim.judged_at)
    own_behind = own.skipped_at or own.judged_at
    earlier = (
        select(QueueItem.image_id)
        .join(QueueClaim, QueueClaim.item_id == QueueItem.id)
        .where(
            QueueItem.queue_id == queue_id,
            QueueClaim.user_id == user_id,
            QueueClaim.id != own.id,
            behind.is_not(None),
        )
        .order_by(behind.desc(), QueueClaim.id.desc())
        .limit(1)
    )
    if own_behind is not None and not is_live(own, now()):
        earlier = earlier.where(behind < own_behind)
    return session().scalar(earlier)


def _following(user_id: int, queue: Queue, image_id: int) -> int | None:
    """The image that a person holds next."""
    return session().scalar(
        select(QueueItem.image_id)
        .join(QueueClaim, QueueClaim.item_id == QueueItem.id)
        .where(
            QueueItem.queue_id == queue.id,
            QueueItem.image_id != image_id,
            QueueClaim.user_id == user_id,
            live(QueueClaim, now()),
        )
        .order_by(QueueClaim.claimed_at, QueueClaim.id)
        .limit(1)
    )


def _done(user_id: int, queue_id: int) -> int:
    return (
        session().scalar(
            select(func.count())
            .select_from(QueueClaim)
            .join(QueueItem, QueueItem.id == QueueClaim.item_id)
            .join(Verdict, Verdict.id == QueueClaim.verdict_id)
            .where(
                QueueItem.queue_id == queue_id,
                QueueClaim.user_id == user_id,
                Verdict.withdrawn_at.is_(None),
            )
        )
        or 0
    )
