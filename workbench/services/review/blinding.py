"""What a reader is not told yet: what others say of an image that they have to judge blind.

Pages are asked for by a reader; the worker and the command line by nobody, who is told all.
"""

from __future__ import annotations

from contextvars import ContextVar, Token

from sqlalchemy import ColumnElement, and_, exists, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from workbench.services import visibility
from workbench.store.queues import Queue, QueueClaim, QueueItem, QueueMember

STRANGER = 0
"""A reader without an account: may be anybody, so is told nothing that somebody must not know."""

_Column = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
_reader: ContextVar[int | None] = ContextVar("reader", default=None)


def read_as(user_id: int | None) -> Token[int | None]:
    """Let an account, or a stranger, read for the rest of this context, until `read_by_nobody`."""
    return _reader.set(user_id or STRANGER)


def read_by_nobody(token: Token[int | None]) -> None:
    """End what `read_as` began."""
    _reader.reset(token)


def reader() -> int | None:
    """The id of who reads, `STRANGER` for somebody without an account; None for nobody."""
    return _reader.get()


def is_told(image_id: _Column, author_id: _Column) -> ColumnElement[bool]:
    """Whether the reader is told what an author says of an image."""
    reader = _reader.get()
    return true() if reader is None else or_(author_id == reader, is_free(image_id))


def is_free(image_id: _Column) -> ColumnElement[bool]:
    """Whether the reader need not judge an image in a blind queue that runs, or has done so."""
    reader = _reader.get()
    return true() if reader is None else ~_is_to_judge(reader, image_id)


def takes_part(user_id: int) -> ColumnElement[bool]:
    """Whether a person takes part in a queue: it is for everybody or names them.

    Who does not see its collection any more takes part in none of it.
    """
    member = exists().where(QueueMember.queue_id == Queue.id, QueueMember.user_id == user_id)
    return and_(or_(Queue.everybody, member), visibility.seen_by(user_id, Queue.collection_id))


def _is_to_judge(reader: int, image_id: _Column) -> ColumnElement[bool]:
    judged = exists().where(
        QueueClaim.item_id == QueueItem.id,
        QueueClaim.user_id == reader,
        QueueClaim.verdict_id.is_not(None),
    )
    return exists().where(
        QueueItem.image_id == image_id,
        QueueItem.open,
        Queue.id == QueueItem.queue_id,
        Queue.blind,
        Queue.ended_at.is_(None),
        true() if reader == STRANGER else takes_part(reader),
        ~judged,
    )
