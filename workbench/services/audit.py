"""The audit trail: who did what to what, in the transaction that does it.

Decisions are recorded by `review.recording` when their rows are written; services call `record`
for everything else. Both write here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from workbench.store.people import AuditEvent

_ACTING = "audit_acting"
_RECORDED = "audit_recorded"
_token: ContextVar[int | None] = ContextVar("acting_token", default=None)
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Concerned:
    """The ids of what an event concerns."""

    image_id: int | None = None
    tag_id: int | None = None
    collection_id: int | None = None
    version_id: int | None = None

    def as_columns(self) -> dict[str, int | None]:
        """By the names of the columns."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


_NAMED_BY_SUBJECT = {each.name.removesuffix("_id"): each.name for each in fields(Concerned)}


@dataclass(frozen=True)
class Acting:
    """Who acts in a transaction, on which version, and which events that undoes, by subject."""

    user_id: int | None
    version_id: int | None = None
    undoes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """An event to be written."""

    user_id: int | None
    action: str
    subject: str
    concerned: Concerned
    before: Told | None
    after: Told | None
    undoes_id: int | None


def acting(
    write: Session,
    user_id: int | None,
    *,
    version_id: int | None = None,
    undoes: Mapping[str, int] | None = None,
) -> None:
    """Say who makes the decisions of a transaction, where it is not who its new rows name.

    None: the command line. `version_id` is of the version that was looked at.
    """
    write.info[_ACTING] = Acting(user_id, version_id, undoes or {})


def by_token(token_id: int | None) -> None:
    """Say which API token the rest of this request is made with; None for none."""
    _token.set(token_id)


def who_acts(write: Session) -> Acting | None:
    """What `acting` was told in this transaction."""
    found: Acting | None = write.info.get(_ACTING)
    return found


def record(
    write: Session,
    user_id: int | None,
    action: str,
    subject: str,
    *,
    before: Told | None = None,
    after: Told | None = None,
    concerned: Concerned | None = None,
    **detail: object,
) -> None:
    """Add an event to the audit trail; it is committed, or not, with what it tells of.

    `user_id` is None for what nobody signed in did: the command line, the worker. `subject` is
    what it was done to, as `kind:id`; `detail` has to be plain JSON. What the subject names is
    concerned, and `concerned` too: an event of a collection has to name it, or it is seen by those
    alone who see all. Nothing else is recorded of that subject in this transaction.
    """
    write.info.setdefault(_RECORDED, set()).add(subject)
    write.add(
        AuditEvent(
            user_id=user_id,
            action=action,
            subject=subject,
            before=None if before is None else dict(before),
            after=None if after is None else dict(after),
            token_id=_token.get(),
            detail=detail,
            **_together(subject, concerned or Concerned()),
        )
    )


def recorded(write: Session) -> set[str]:
    """The subjects that `record` was called for in this transaction."""
    found: set[str] = write.info.get(_RECORDED, set())
    return found


def write_events(write: Session, events: Iterable[Event]) -> None:
    """Add many events in one statement."""
    rows = [
        {
            "user_id": each.user_id,
            "action": each.action,
            "subject": each.subject,
            **each.concerned.as_columns(),
            "before": each.before,
            "after": each.after,
            "undoes_id": each.undoes_id,
            "token_id": _token.get(),
        }
        for each in events
    ]
    if rows:
        write.execute(insert(AuditEvent), rows)


def forget(write: Session) -> None:
    """Begin anew, at the end of a transaction."""
    for key in (_ACTING, _RECORDED):
        write.info.pop(key, None)


def _together(subject: str, concerned: Concerned) -> dict[str, int | None]:
    """What an event concerns, by the names of the columns: what its subject names, and the rest."""
    kind, _, number = subject.partition(":")
    column = _NAMED_BY_SUBJECT.get(kind)
    columns = concerned.as_columns()
    return columns | {column: int(number)} if column and number.isdigit() else columns
