"""Who takes part in a review queue, and whether it is open."""

from __future__ import annotations

from flask_babel import gettext
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from workbench.services import visibility
from workbench.services.errors import NotFoundError
from workbench.services.review.blinding import takes_part
from workbench.store.database import session
from workbench.store.people import User
from workbench.store.queues import Queue


def find_queue(collection_id: int, queue_id: int) -> Queue:
    """A queue of a collection. Raises NotFoundError."""
    return queue_in(session(), collection_id, queue_id)


def queue_in(write: Session, collection_id: int, queue_id: int) -> Queue:
    """The same within a transaction."""
    found = write.get(Queue, queue_id, populate_existing=True)
    if found is None or found.collection_id != collection_id:
        raise NotFoundError(gettext("Review queue not found."))
    return found


def is_taking_part(write: Session, queue: Queue, user_id: int) -> bool:
    """Whether a person takes part in a queue, with an account that is active."""
    active = exists().where(User.id == user_id, User.deactivated_at.is_(None))
    found = select(Queue.id).where(Queue.id == queue.id, takes_part(user_id), active)
    return write.scalar(found) is not None


def can_take_part(collection_id: int) -> tuple[ColumnElement[bool], ...]:
    """The conditions that an account can be chosen for queues of a collection."""
    return User.deactivated_at.is_(None), visibility.seen_by(User.id, collection_id)


def unable_words() -> str:
    """What a lead is told who chooses somebody else."""
    return gettext(
        "One of the chosen people has no active account, or does not see the collection."
    )


def closed_words(write: Session, queue: Queue, user_id: int) -> str:
    """Why a person is given nothing of a queue; empty where they are."""
    if queue.ended_at is not None:
        return gettext("This queue has ended.")
    if queue.paused_at is not None:
        return gettext("This queue is paused.")
    if queue.ready_at is None:
        return gettext("This queue is still being made.")
    if not is_taking_part(write, queue, user_id):
        return gettext("You do not take part in this queue.")
    return ""
