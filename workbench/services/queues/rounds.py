"""What a person is told as a round of a review queue ends: controls, and agreement with others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext
from sqlalchemy import and_, case, select
from sqlalchemy.orm import aliased

from workbench.services.errors import NotFoundError
from workbench.services.queues.claims import is_anything_left
from workbench.services.queues.taking_part import find_queue
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.queues import QueueClaim, QueueItem

MOST_ROUNDS: Final = 1_000_000


@dataclass(frozen=True)
class ControlResult:
    """A hidden control that a person judged."""

    image_id: int
    name: str
    answer: str
    """What it is known to be."""
    decision: str
    """What the person said first."""

    @property
    def right(self) -> bool:
        """Whether they said so."""
        return self.answer == self.decision


@dataclass(frozen=True)
class Round:
    """A person's verdicts from one feedback to the next, numbered from 1."""

    number: int
    judged: int
    controls: tuple[ControlResult, ...]
    shared: int
    """Images that somebody else has judged in the queue, too."""
    agreed: int
    """Of those, the ones that all others judged alike."""

    @property
    def controls_right(self) -> int:
        """How many controls they judged as they are known to be."""
        return sum(each.right for each in self.controls)


def round_of(user_id: int, collection_id: int, queue_id: int, number: int) -> Round:
    """A person's own round.

    Raises NotFoundError for one that has not ended: controls must not be told of, one by one, while
    others are judged.
    """
    queue = find_queue(collection_id, queue_id)
    size = queue.round_size
    number = min(max(number, 1), MOST_ROUNDS)
    rows = (
        session()
        .execute(
            select(
                QueueItem.id,
                Image.id,
                Image.name,
                QueueItem.control_answer,
                case(
                    (QueueItem.control_answer.is_(None), Verdict.decision),
                    else_=QueueClaim.first_decision,
                ),
            )
            .join(QueueClaim, QueueClaim.item_id == QueueItem.id)
            .join(Verdict, Verdict.id == QueueClaim.verdict_id)
            .join(Image, Image.id == QueueItem.image_id)
            .where(QueueItem.queue_id == queue_id, QueueClaim.user_id == user_id)
            .order_by(QueueClaim.judged_at, QueueClaim.id)
            .offset((number - 1) * size)
            .limit(size)
        )
        .all()
    )
    if not rows or (len(rows) < size and is_anything_left(user_id, queue)):
        raise NotFoundError(gettext("You have not judged so many images yet."))
    plain = {item: decision for item, _image, _name, answer, decision in rows if answer is None}
    others = _others(user_id, list(plain))
    return Round(
        number=number,
        judged=len(rows),
        controls=tuple(
            ControlResult(image_id, name, answer, decision)
            for _item, image_id, name, answer, decision in rows
            if answer is not None
        ),
        shared=len(others),
        agreed=sum(said == {plain[item]} for item, said in others.items()),
    )


def _others(user_id: int, item_ids: list[int]) -> dict[int, set[str]]:
    """What others said of these items, by item."""
    theirs = aliased(QueueClaim)
    rows = session().execute(
        select(theirs.item_id, Verdict.decision)
        .join(Verdict, and_(Verdict.id == theirs.verdict_id, Verdict.withdrawn_at.is_(None)))
        .where(theirs.item_id.in_(item_ids), theirs.user_id != user_id)
    )
    found: dict[int, set[str]] = {}
    for item, decision in rows:
        found.setdefault(item, set()).add(decision)
    return found
