"""Recording decisions: an event of the audit trail for each row that a decision is kept in.

A session that has written such rows adds their events before it commits (ADR 59), so that no
service can forget one. What an event says is derived from the row by the table of kinds below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction

from workbench.services import audit
from workbench.services.audit import Event
from workbench.services.review.concerned import ConcernedBy
from workbench.services.review.image_collections import forget_collections
from workbench.store.database import Base
from workbench.store.judgements import (
    Adjudication,
    CounterfactualNote,
    DismissedSuggestion,
    Tag,
    TagCheck,
    Tagging,
    Verdict,
)
from workbench.store.notes import NoteReply
from workbench.store.regions import DrawnRegion
from workbench.store.tag_changes import TagExample

_NOTICED = "decisions_noticed"
_WITHDRAWN = "withdrawn_at"
_NOT_TOLD = {
    *("id", "user_id", "created_by_id", "created_at", "revision", _WITHDRAWN),
    *("image_id", "region_id", "pattern_id", "version_id", "tag_id"),
}


@dataclass(frozen=True)
class Kind:
    """How a table's rows are recorded: by which name, as which actions.

    permission: what one must be allowed to do (`services/roles.py`) to make, withdraw or restore
    such a row.
    untold: columns that events leave out: what people write about an image stays in its row alone.
    flags: columns that are told where they are set.
    """

    name: str
    withdrawn: str
    restored: str
    made: str | Callable[[Any], str]
    changed: str = ""
    permission: str = field(kw_only=True)
    untold: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


def _checked(row: TagCheck) -> str:
    return "tag.check" if row.sampled else "tag.take_off"


KINDS: dict[type[Base], Kind] = {
    Tag: Kind(
        "tag",
        "tag.remove",
        "tag.create",
        "tag.create",
        "tag.describe",
        permission="taxonomy",
    ),
    TagExample: Kind(
        "tag_example",
        "example.withdraw",
        "example.restore",
        "example.add",
        permission="taxonomy",
    ),
    Tagging: Kind(
        "tagging",
        "tag.withdraw",
        "tag.restore",
        "tag.add",
        "tag.change",
        permission="tag",
        untold=frozenset({"reason", "folded_reason", "revision"}),
    ),
    DrawnRegion: Kind(
        "drawn_region",
        "region.withdraw",
        "region.restore",
        "region.draw",
        permission="tag",
        untold=frozenset({"rle"}),
    ),
    TagCheck: Kind(
        "tag_check", "tag_check.withdraw", "tag_check.restore", _checked, permission="tag"
    ),
    DismissedSuggestion: Kind(
        "dismissed_suggestion",
        "suggestion.restore",
        "suggestion.dismiss",
        "suggestion.dismiss",
        permission="tag",
    ),
    Verdict: Kind(
        "verdict",
        "verdict.withdraw",
        "verdict.restore",
        "verdict.give",
        permission="judge",
        untold=frozenset({"reason", "folded_reason"}),
        flags=frozenset({"blind", "wrong_reason"}),
    ),
    Adjudication: Kind(
        "adjudication",
        "adjudication.withdraw",
        "adjudication.restore",
        "adjudication.give",
        permission="adjudicate",
        untold=frozenset({"reason"}),
        flags=frozenset({"own_opinion", "by_majority"}),
    ),
    CounterfactualNote: Kind(
        "note",
        "note.withdraw",
        "note.restore",
        "note.save",
        permission="note",
        untold=frozenset({"edit", "text", "folded_text"}),
    ),
    NoteReply: Kind(
        "note_reply",
        "reply.withdraw",
        "reply.restore",
        "reply.save",
        permission="note",
        untold=frozenset({"text", "folded_text"}),
    ),
}
"""The tables whose rows are decisions."""


@dataclass
class _Noticed:
    """What a transaction has done to a row. `before` is null where it did not stand."""

    row: Any
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def listen() -> None:
    """Have every session record decisions."""
    for name, function in (
        ("after_flush", _notice),
        ("before_commit", _record),
        ("after_soft_rollback", _forget_rolled_back),
    ):
        if not event.contains(Session, name, function):
            event.listen(Session, name, function)


def subject_of(row: Base) -> str:
    """The subject of a row's events."""
    return f"{KINDS[type(row)].name}:{row.id}"  # type: ignore[attr-defined]


def _notice(write: Session, _context: object) -> None:
    noticed: dict[str, _Noticed] = write.info.setdefault(_NOTICED, {})
    for row in (*write.new, *write.dirty):
        kind = KINDS.get(type(row))
        if kind is None:
            continue
        found = _made(row, kind) if row in write.new else _changed(row, kind)
        if found is None:
            continue
        earlier = noticed.get(subject_of(row))
        if earlier is None:
            noticed[subject_of(row)] = found
        elif earlier.after is not None and found.after is not None:
            earlier.before = {**(found.before or {}), **earlier.before} if earlier.before else None
            earlier.after |= found.after
        else:
            earlier.action, earlier.after = found.action, found.after


def _made(row: Any, kind: Kind) -> _Noticed:
    action = kind.made if isinstance(kind.made, str) else kind.made(row)
    return _Noticed(row, action, None, _told(row, kind))


def _changed(row: Any, kind: Kind) -> _Noticed | None:
    changes = {
        each.key: each.history
        for each in inspect(row).attrs
        if each.key in row.__mapper__.columns and each.history.has_changes()
    }
    if _WITHDRAWN in changes:
        if row.withdrawn_at is None:
            return _Noticed(row, kind.restored, None, _told(row, kind))
        return _Noticed(row, kind.withdrawn, _told(row, kind), None)
    told = [each for each in changes if _is_told(each, kind)]
    if not kind.changed or not told:
        return None
    before = {each: _plain(next(iter(changes[each].deleted or ()), None)) for each in told}
    return _Noticed(row, kind.changed, before, {each: _plain(getattr(row, each)) for each in told})


def _told(row: Any, kind: Kind) -> dict[str, Any]:
    told = {
        each: _plain(getattr(row, each))
        for each in row.__mapper__.columns.keys()  # noqa: SIM118 - a collection of columns, not a dict
        if _is_told(each, kind)
    }
    flags = {each for each in kind.flags if not told.get(each)}
    return {each: value for each, value in told.items() if value is not None and each not in flags}


def _is_told(column: str, kind: Kind) -> bool:
    return not (column in _NOT_TOLD or column in kind.untold or column.startswith("folded_"))


def _plain(value: Any) -> Any:
    """As JSON can hold it."""
    return value if isinstance(value, str | int | float | list | dict | None) else str(value)


def _record(write: Session) -> None:
    if write.in_nested_transaction():
        return
    write.flush()
    already = audit.recorded(write)
    noticed = {
        subject: each
        for subject, each in write.info.pop(_NOTICED, {}).items()
        if subject not in already
    }
    if noticed:
        acting = audit.who_acts(write)
        concerned = ConcernedBy(write, [each.row for each in noticed.values()])
        audit.write_events(
            write,
            [
                Event(
                    user_id=acting.user_id if acting else _author(each.row),
                    action=each.action,
                    subject=subject,
                    concerned=concerned.by(each.row, acting.version_id if acting else None),
                    before=concerned.naming(each.row, each.before),
                    after=concerned.naming(each.row, each.after),
                    undoes_id=acting.undoes.get(subject) if acting else None,
                )
                for subject, each in noticed.items()
            ],
        )
    _forget(write)


def _author(row: Any) -> int | None:
    author: int | None = row.created_by_id if isinstance(row, Tag) else row.user_id
    return author


def _forget_rolled_back(write: Session, rolled_back: SessionTransaction) -> None:
    if not rolled_back.nested:
        write.info.pop(_NOTICED, None)
        _forget(write)


def _forget(write: Session) -> None:
    audit.forget(write)
    forget_collections(write)
