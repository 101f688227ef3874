"""Requests that come twice are carried out once: what they were named by, and what was answered.

A program that heard no answer cannot know whether it was carried out. It names the request by a
key, and sends it again. The key is written in the same transaction as what the request writes, so
that there is one exactly where there is the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask_babel import gettext
from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.services.errors import ConflictError, InvalidError
from workbench.store.database import guarded, now, session, transaction
from workbench.store.repeats import RequestKey

LASTS: Final = timedelta(hours=24)
LONGEST_KEY: Final = 255
LARGEST_ANSWER: Final = 64 * 1024
"""Characters; a longer answer is not kept."""


@dataclass(frozen=True)
class Named:
    """A request by who sends it, the key that it has from them, and a hash of all of it."""

    user_id: int
    key: str
    fingerprint: str


@dataclass(frozen=True)
class Kept:
    """What was answered the first time."""

    status: int
    answer: str


class KeyReusedError(InvalidError):
    """The key names another request."""


class UnansweredError(ConflictError):
    """The request was begun before, and its answer is not there, or not yet."""


def answered(named: Named) -> Kept | None:
    """What a request was answered before; None where it was not carried out yet.

    Raises KeyReusedError where the key names another request, UnansweredError where it was begun
    and there is no answer.
    """
    found = (
        session()
        .execute(
            select(RequestKey.fingerprint, RequestKey.status, RequestKey.answer).where(
                *_of(named), RequestKey.created_at > now() - LASTS
            )
        )
        .first()
    )
    if found is None:
        return None
    if found.fingerprint != named.fingerprint:
        raise KeyReusedError(
            gettext("This idempotency key was used for another request. Send a new one.")
        )
    if found.status is None:
        raise _unanswered()
    return Kept(found.status, found.answer or "")


@contextmanager
def once(named: Named) -> Iterator[None]:
    """Whatever is written in here is written with the key, or not at all.

    Raises UnansweredError where the same key was written meanwhile: then nothing of this is.
    """
    written = False

    def write_key(write: Session) -> None:
        nonlocal written
        if written:
            return
        old = delete(RequestKey).where(*_of(named), RequestKey.created_at <= now() - LASTS)
        write.execute(old)
        values = {"user_id": named.user_id, "key": named.key, "fingerprint": named.fingerprint}
        try:
            write.execute(insert(RequestKey).values(values))
        except IntegrityError as error:
            raise _unanswered() from error
        written = True

    with guarded(write_key):
        yield


def keep(named: Named, status: int, answer: str) -> None:
    """Keep what a request is answered, for when it comes again."""
    if len(answer) > LARGEST_ANSWER:
        return
    with transaction() as write:
        write.execute(
            update(RequestKey)
            .where(*_of(named), RequestKey.fingerprint == named.fingerprint)
            .values(status=status, answer=answer)
        )


def sweep() -> None:
    """Forget the keys that are too old to be asked for."""
    with transaction() as write:
        write.execute(delete(RequestKey).where(RequestKey.created_at <= now() - LASTS))


def forget_answers(write: Session) -> None:
    """Forget all answers, as they may tell what is being removed; the keys stay."""
    write.execute(
        update(RequestKey).where(RequestKey.answer.is_not(None)).values(status=None, answer=None)
    )


def _of(named: Named) -> tuple[ColumnElement[bool], ...]:
    return RequestKey.user_id == named.user_id, RequestKey.key == named.key


def _unanswered() -> UnansweredError:
    return UnansweredError(
        gettext(
            "A request with this idempotency key was begun, and its answer is not known. "
            "Read what you meant to change before you send it with a new key."
        )
    )
