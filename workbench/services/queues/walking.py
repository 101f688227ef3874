"""The images of a review queue as one person walks through them: shown, gone back to, undone."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from workbench.services.errors import NotFoundError
from workbench.services.queues.claims import is_live, live
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

    id: int
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
    """The item that they judged or skipped before this one."""
    following: int | None
    """The next one that they hold."""
    following_image: int | None
    done: int
    """Items that they have judged in the queue."""
    round_size: int

    @property
    def in_round(self) -> int:
        """How many of the round they have judged."""
        return self.done % self.round_size


def item_view(user_id: int, collection_id: int, queue_id: int, item_id: int) -> ItemView:
    """An item that a person was given. Raises NotFoundError for any other."""
    queue = find_queue(collection_id, queue_id)
    found = (
        session()
        .execute(
            select(QueueItem.image_id, Image.label, QueueClaim)
            .join(Image, Image.id == QueueItem.image_id)
            .join(QueueClaim, QueueClaim.item_id == QueueItem.id)
            .where(
                QueueItem.id == item_id,
                QueueItem.queue_id == queue_id,
                QueueClaim.user_id == user_id,
            )
        )
        .first()
    )
    if found is None:
        raise NotFoundError(gettext("This image is not one that you were given."))
    image_id, label, own_claim = found
    given = verdicts.history(image_id)
    standing = {each.id: each for each in standing_verdicts(given)}
    own_id = _own_verdict(user_id, image_id)
    decided = own_claim.verdict_id is not None
    following = _following(user_id, queue, item_id)
    return ItemView(
        id=item_id,
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
        following=following[0],
        following_image=following[1],
        done=_done(user_id, queue_id),
        round_size=queue.round_size,
    )


def undo_last(user_id: int, collection_id: int, queue_id: int) -> int:
    """Withdraw the newest standing verdict of a person in a queue, and give them the item again.

    Its id; called again it goes back further. Raises NotFoundError where none is left.
    """
    newest = (
        session()
        .execute(
            select(QueueClaim.item_id, Verdict.id)
            .join(QueueItem, QueueItem.id == QueueClaim.item_id)
            .join(Verdict, Verdict.id == QueueClaim.verdict_id)
            .where(
                QueueItem.queue_id == queue_id,
                QueueClaim.user_id == user_id,
                Verdict.withdrawn_at.is_(None),
            )
            .order_by(Verdict.id.desc())
            .limit(1)
        )
        .first()
    )
    if newest is None:
        raise NotFoundError(gettext("There is nothing to undo in this queue."))
    item_id, verdict_id = newest
    verdicts.withdraw_verdict(user_id, verdict_id)
    with transaction() as write:
        queue_in(write, collection_id, queue_id)
        _hold_again(write, user_id, item_id)
    return int(item_id)


def _hold_again(write: Session, user_id: int, item_id: int) -> None:
    own = write.scalars(
        select(QueueClaim).where(QueueClaim.item_id == item_id, QueueClaim.user_id == user_id)
    ).one()
    own.claimed_at = own.renewed_at = now()


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
    """The item that a person was given, and is done with, before this one."""
    behind = func.coalesce(QueueClaim.skipped_at, QueueClaim.judged_at)
    own_behind = own.skipped_at or own.judged_at
    earlier = (
        select(QueueClaim.item_id)
        .join(QueueItem, QueueItem.id == QueueClaim.item_id)
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


def _following(user_id: int, queue: Queue, item_id: int) -> tuple[int | None, int | None]:
    """The next item that a person holds, and its image."""
    found = (
        session()
        .execute(
            select(QueueItem.id, QueueItem.image_id)
            .join(QueueClaim, and_(QueueClaim.item_id == QueueItem.id))
            .where(
                QueueItem.queue_id == queue.id,
                QueueItem.id != item_id,
                QueueClaim.user_id == user_id,
                live(QueueClaim, now()),
            )
            .order_by(QueueClaim.claimed_at, QueueClaim.id)
            .limit(1)
        )
        .first()
    )
    return (found[0], found[1]) if found else (None, None)


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
