"""Making a review queue: its images are chosen once, and written in chunks."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.errors import InvalidError
from workbench.services.queues.sources import Source, images_of
from workbench.services.queues.taking_part import can_take_part, unable_words
from workbench.store.chunks import write_in_chunks
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Adjudication
from workbench.store.people import User
from workbench.store.queues import DISPUTES, Queue, QueueItem, QueueMember

LONGEST_NAME = 80
LONGEST_INSTRUCTIONS = 4000
LONGEST_REASON = 80
MOST_REASONS = 9
MOST_VERDICTS = 9
MOST_CONTROLS = 200
LARGEST_CONTROL_SHARE = 0.5
ROUND_SIZE = 20


@dataclass(frozen=True)
class Plan:
    """How a queue is to be judged."""

    name: str
    source: Source
    verdicts_needed: int = 1
    disputes: str = "any"
    blind: bool = True
    independent: bool = True
    control_share: float = 0.0
    instructions: str = ""
    reasons: tuple[str, ...] = ()
    members: tuple[int, ...] = ()
    """Ids of those who take part; empty for everybody."""
    round_size: int = ROUND_SIZE


def count_images(collection_id: int, version_id: int, source: Source) -> int:
    """How many images a queue of this source would have now."""
    return len(images_of(collection_id, version_id, source))


def count_controls(collection_id: int) -> int:
    """How many adjudicated images there are to be hidden controls."""
    return len(_adjudicated(collection_id))


def make_queue(user_id: int, collection_id: int, version_id: int, plan: Plan) -> int:
    """Make a queue; its id. Raises InvalidError, also where it would be empty."""
    _check(plan)
    ids = [int(each) for each in images_of(collection_id, version_id, plan.source)]
    if not ids:
        raise InvalidError(gettext("No image to review: change what the queue is made of."))
    controls = _controls(collection_id, set(ids), plan)
    with transaction() as write:
        if plan.members:
            _check_members(write, collection_id, plan)
        queue = _row(user_id, collection_id, version_id, plan)
        write.add(queue)
        write.flush()
        queue_id = queue.id
        write.add_all(QueueMember(queue_id=queue_id, user_id=each) for each in plan.members)
    _write_items(queue_id, ids, controls)
    with transaction() as write:
        write.get_one(Queue, queue_id).ready_at = now()
        # With the last of its rows, so that who reads on from an event has them all.
        audit.record(
            write,
            user_id,
            "queue.make",
            f"queue:{queue_id}",
            after={"name": plan.name, "images": len(ids), "controls": len(controls)},
            concerned=Concerned(collection_id=collection_id, version_id=version_id),
        )
    return queue_id


def _row(user_id: int, collection_id: int, version_id: int, plan: Plan) -> Queue:
    return Queue(
        collection_id=collection_id,
        version_id=version_id,
        name=plan.name,
        instructions=plan.instructions,
        source=plan.source.kind,
        filters=plan.source.as_json(),
        verdicts_needed=plan.verdicts_needed,
        disputes=plan.disputes,
        blind=plan.blind,
        independent=plan.independent,
        everybody=not plan.members,
        control_share=plan.control_share,
        round_size=plan.round_size,
        reasons=list(plan.reasons),
        created_by_id=user_id,
    )


def _write_items(queue_id: int, ids: Sequence[int], controls: dict[int, str]) -> None:
    rows: list[dict[str, int | str | None]] = [
        {"queue_id": queue_id, "image_id": each, "position": place, "control_answer": None}
        for place, each in enumerate(ids)
    ]
    rows += [
        {"queue_id": queue_id, "image_id": each, "position": place, "control_answer": answer}
        for place, (each, answer) in enumerate(controls.items())
    ]

    def write_some(write: Session, some: Sequence[dict[str, int | str | None]]) -> None:
        asked = [each["image_id"] for each in some]
        there = set(write.scalars(select(Image.id).where(Image.id.in_(asked))))
        kept = [
            each for each in some if each["image_id"] in there
        ]  # of those removed meanwhile none
        if kept:
            write.execute(insert(QueueItem), kept)

    write_in_chunks(rows, write_some)


def _controls(collection_id: int, ids: set[int], plan: Plan) -> dict[int, str]:
    """Adjudicated images that are not in the queue themselves, chosen at random."""
    if not plan.control_share:
        return {}
    found = [each for each in _adjudicated(collection_id).items() if each[0] not in ids]
    wanted = math.ceil(len(ids) * plan.control_share / (1 - plan.control_share))
    return dict(secrets.SystemRandom().sample(found, min(len(found), wanted, MOST_CONTROLS)))


def _adjudicated(collection_id: int) -> dict[int, str]:
    """The decision of the newest standing adjudication of each image, but those by majority."""
    rows = session().execute(
        select(Adjudication.image_id, Adjudication.decision)
        .join(Image, Image.id == Adjudication.image_id)
        .where(
            Image.collection_id == collection_id,
            Adjudication.withdrawn_at.is_(None),
            ~Adjudication.by_majority,
        )
        .order_by(Adjudication.id)
    )
    return dict(rows.tuples().all())


def _check_members(write: Session, collection_id: int, plan: Plan) -> None:
    able = select(User.id).where(User.id.in_(plan.members), *can_take_part(collection_id))
    if len(set(write.scalars(able))) < len(set(plan.members)):
        raise InvalidError(unable_words())
    if len(set(plan.members)) < plan.verdicts_needed:
        raise InvalidError(
            gettext(
                "%(needed)s independent verdicts need as many people; you chose %(chosen)s.",
                needed=plan.verdicts_needed,
                chosen=len(set(plan.members)),
            )
        )


def _check(plan: Plan) -> None:
    if not plan.name or len(plan.name) > LONGEST_NAME:
        raise InvalidError(gettext("Give the queue a name."))
    if not 1 <= plan.verdicts_needed <= MOST_VERDICTS:
        raise InvalidError(gettext("An image takes between 1 and 9 verdicts."))
    if plan.disputes not in DISPUTES:
        raise InvalidError(gettext("Choose which disagreements need an adjudication."))
    if not 0 <= plan.control_share <= LARGEST_CONTROL_SHARE:
        raise InvalidError(gettext("At most half of the images can be hidden controls."))
    if not 1 <= plan.round_size <= 200:
        raise InvalidError(gettext("A round has between 1 and 200 images."))
    if len(plan.instructions) > LONGEST_INSTRUCTIONS:
        raise InvalidError(gettext("The instructions are too long."))
    if len(plan.reasons) > MOST_REASONS or any(len(x) > LONGEST_REASON for x in plan.reasons):
        raise InvalidError(gettext("At most nine reasons of at most 80 characters each."))
