"""The images of a collection that people disagree on, until somebody adjudicates them."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from workbench.services.errors import NotFoundError
from workbench.services.review import verdicts
from workbench.services.review.adjudications import has_judged
from workbench.services.review.blinding import is_free
from workbench.services.review.labels import StandingLabel, standing_label
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Adjudication, Verdict
from workbench.store.people import User
from workbench.store.queues import Queue, QueueItem

A_PAGE = 24
_GATHERING = (
    QueueItem.open,
    QueueItem.control_answer.is_(None),
    Queue.id == QueueItem.queue_id,
    Queue.ended_at.is_(None),
)
"""The condition that a queue still gathers verdicts on an item."""


@dataclass(frozen=True)
class Opinion:
    """What one person says of an image."""

    by: str
    decision: str


@dataclass(frozen=True)
class Disputed:
    """An image that waits for adjudication, with what each person says of it."""

    image_id: int
    name: str
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True)
class DisputedPage:
    """Some of the images that wait, those judged longest ago first; `after` is the next page's."""

    images: tuple[Disputed, ...]
    total: int
    after: int | None


@dataclass(frozen=True)
class Disagreement:
    """One image with all that an adjudicator is shown of what people say."""

    image_id: int
    name: str
    held_out: bool
    standing: StandingLabel

    @property
    def newest_verdict(self) -> int:
        """The id of the newest standing verdict; 0 where there is none."""
        return max((each.id for each in self.standing.verdicts), default=0)

    @property
    def adjudication_id(self) -> int:
        """The id of the adjudication that counts; 0 where there is none."""
        return self.standing.adjudication.id if self.standing.adjudication else 0


def disputed_images(collection_id: int, after: int = 0, most: int = A_PAGE) -> DisputedPage:
    """The images that wait for the reader to adjudicate; two queries, and one for their number."""
    waiting = _waiting(collection_id).where(is_free(Verdict.image_id)).subquery()
    total = session().scalar(select(func.count()).select_from(waiting)) or 0
    ids = list(
        session().scalars(
            select(waiting.c.image_id)
            .where(waiting.c.image_id > after)
            .order_by(waiting.c.image_id)
            .limit(most + 1)
        )
    )
    shown = ids[:most]
    return DisputedPage(_with_opinions(shown), total, shown[-1] if len(ids) > most else None)


def next_disputed(collection_id: int, after: int) -> int | None:
    """The image that waits next behind one, else the first of the others; None without any."""
    waiting = _waiting(collection_id).where(is_free(Verdict.image_id)).subquery()
    others = select(func.min(waiting.c.image_id)).where(waiting.c.image_id != after)
    behind: int | None = session().scalar(others.where(waiting.c.image_id > after))
    return behind or session().scalar(others)


def find_image(collection_id: int, image_id: int) -> Image:
    """An image of a collection. Raises NotFoundError."""
    image = session().get(Image, image_id)
    if image is None or image.collection_id != collection_id:
        raise NotFoundError("Image not found.")
    return image


def disagreement(collection_id: int, image_id: int) -> Disagreement:
    """What people say of an image.

    Raises NotFoundError for one of another collection, and where the reader has to judge it blind.
    """
    image = find_image(collection_id, image_id)
    free = select(Image.id).where(Image.id == image_id, is_free(Image.id))
    if session().scalar(free) is None:
        raise NotFoundError(
            gettext("You are shown what others say once you have judged this image in its queue.")
        )
    history = verdicts.history(image_id)
    return Disagreement(
        image_id, image.name, image.held_out, standing_label(image_id, image.label, history)
    )


def is_kept_out(user_id: int, image_id: int) -> bool:
    """Whether a person may not adjudicate an image: they judged it, and its queue wants others."""
    return must_be_independent(image_id) and has_judged(session(), user_id, image_id)


def must_be_independent(image_id: int) -> bool:
    """Whether a queue that the image is in keeps those who judged it from adjudicating it."""
    found = select(Queue.id).join(QueueItem, QueueItem.queue_id == Queue.id)
    asked = found.where(QueueItem.image_id == image_id, Queue.independent).limit(1)
    return session().scalar(asked) is not None


def waiting_images(collection_id: int) -> set[int]:
    """The ids of all images that wait for adjudication. One query."""
    return set(session().scalars(_waiting(collection_id)))


def gathering_images(collection_id: int) -> set[int]:
    """The ids of the images that queues are still gathering verdicts of. One query.

    What people said of these is not told: others have yet to judge them on their own.
    """
    found = select(QueueItem.image_id).where(Queue.collection_id == collection_id, *_GATHERING)
    return set(session().scalars(found.distinct()))


def _waiting(collection_id: int) -> Select[tuple[int]]:
    """The ids of the images on which people disagree and no adjudication stands.

    Those of which only queues that are still gathering verdicts know do not wait yet.
    """
    newest = _newest(Image.collection_id == collection_id)
    adjudicated = exists().where(
        Adjudication.image_id == Verdict.image_id, Adjudication.withdrawn_at.is_(None)
    )
    of_image = QueueItem.image_id == Verdict.image_id, QueueItem.control_answer.is_(None)
    gathering = and_(
        exists().where(*of_image, *_GATHERING), ~exists().where(*of_image, ~QueueItem.open)
    )
    return (
        select(Verdict.image_id)
        .where(Verdict.id.in_(newest), ~adjudicated, ~gathering)
        .group_by(Verdict.image_id)
        .having(func.count(Verdict.decision.distinct()) > 1)
    )


def _newest(*of_images: ColumnElement[bool]) -> Select[tuple[int]]:
    """The ids of each person's newest standing verdict on these images."""
    return (
        select(func.max(Verdict.id))
        .join(Image, Image.id == Verdict.image_id)
        .where(Verdict.withdrawn_at.is_(None), *of_images)
        .group_by(Verdict.image_id, Verdict.user_id)
    )


def _with_opinions(image_ids: list[int]) -> tuple[Disputed, ...]:
    rows = session().execute(
        select(Image.id, Image.name, User.name, Verdict.decision)
        .join(Verdict, Verdict.image_id == Image.id)
        .join(User, User.id == Verdict.user_id)
        .where(Verdict.id.in_(_newest(Image.id.in_(image_ids))))
        .order_by(Image.id, Verdict.id)
    )
    names: dict[int, str] = {}
    opinions: dict[int, list[Opinion]] = {each: [] for each in image_ids}
    for image_id, name, by, decision in rows:
        names[image_id] = name
        opinions[image_id].append(Opinion(by, decision))
    return tuple(
        Disputed(each, names[each], tuple(opinions[each])) for each in image_ids if each in names
    )
