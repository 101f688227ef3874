"""Undoing one's own decisions, any time later, each by a new event that names the undone one.

What gave something is undone by withdrawing it, what withdrew something by restoring it; so the
undo of an undo does it again. An event can be undone while it is the last one about its row (ADR
59).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Collection as Some
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from workbench.services import audit, roles
from workbench.services.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from workbench.services.review import (
    adjudications,
    dismissals,
    drawings,
    note_replies,
    notes,
    tag_checks,
    tags,
    verdicts,
)
from workbench.services.review.decision_changes import record_changes
from workbench.services.review.history import BY_MAJORITY, UNDOABLE, Asked, undoable
from workbench.services.review.queued import follow_verdicts
from workbench.services.review.recording import KINDS
from workbench.services.review.withdrawal import withdraw_own
from workbench.store.database import transaction
from workbench.store.judgements import (
    Adjudication,
    CounterfactualNote,
    DismissedSuggestion,
    TagCheck,
    Tagging,
    Verdict,
)
from workbench.store.notes import NoteReply
from workbench.store.people import AuditEvent, User
from workbench.store.regions import DrawnRegion

MOST_AT_ONCE = 1_000


@dataclass(frozen=True)
class _Undoing:
    """How rows of a kind are withdrawn, and what refuses that one stands again."""

    table: type[Any]
    withdraw: Callable[[Session, int, int], Any]
    check_restorable: Callable[[Session, Any], None]


@dataclass(frozen=True)
class Undoable:
    """What one bulk would undo: how many events, and the newest of them. `more` than that wait."""

    count: int
    newest: int
    more: bool


def undo(user_id: int, event_id: int, within: Some[str] | None = None) -> None:
    """Undo one event of one's own; `within` the permissions that a token gives, if it is by one.

    Raises NotFoundError where its row is gone, ForbiddenError where the role of who decided does
    not allow it any more, ConflictError for somebody else's, for one that was
    undone or followed by another, and where something else stands in its place by now.
    """
    with transaction() as write:
        _undo(write, user_id, [event_id], within)


def count_undoable(user_id: int, asked: Asked, within: Some[str] | None = None) -> Undoable:
    """What of a history this person can undo at once: the newest, at most 1,000."""
    found = undoable(user_id, asked, MOST_AT_ONCE + 1, within)
    counted = found[:MOST_AT_ONCE]
    return Undoable(len(counted), counted[0] if counted else 0, len(found) > MOST_AT_ONCE)


def undo_all(user_id: int, asked: Asked, seen: Undoable, within: Some[str] | None = None) -> int:
    """Undo all of one's own events that `count_undoable` counted, all or none; how many.

    Raises ConflictError where these are others by now.
    """
    with transaction() as write:
        found = undoable(user_id, asked, MOST_AT_ONCE, within)
        if (len(found), found[0] if found else 0) != (seen.count, seen.newest):
            raise ConflictError(
                gettext(
                    "The history has changed since the page was loaded. Nothing was undone. Load "
                    "the page again."
                )
            )
        if not found:
            raise InvalidError(gettext("There is nothing to undo."))
        _undo(write, user_id, found, within)
        return len(found)


def _undo(write: Session, user_id: int, event_ids: Sequence[int], within: Some[str] | None) -> None:
    events = _events(write, user_id, event_ids, within)
    audit.acting(write, user_id, undoes={each.subject: each.id for each in events})
    kept = _rows_of(write, events)
    judged: set[int] = set()
    given: set[int] = set()
    try:
        for event in events:
            row = _undo_one(write, user_id, event)
            if isinstance(row, Verdict | Adjudication):
                judged.add(row.image_id)
            if isinstance(row, Verdict):
                given.add(row.image_id)
        if given:
            follow_verdicts(write, user_id, given)
        write.flush()
    except IntegrityError as error:
        raise ConflictError(gettext("This was changed at the same moment. Try again.")) from error
    del kept
    # Last, as others who decide in the collection wait from here on.
    record_changes(write, judged)


def _events(
    write: Session, user_id: int, event_ids: Sequence[int], within: Some[str] | None
) -> list[AuditEvent]:
    """These events, the newest first, each of which this person can undo. Three queries."""
    role = write.scalars(select(User.role).where(User.id == user_id)).one()
    found = {
        each.id: each
        for each in write.scalars(select(AuditEvent).where(AuditEvent.id.in_(event_ids)))
    }
    newest = {
        each.subject: each
        for each in write.scalars(
            select(AuditEvent)
            .options(joinedload(AuditEvent.user))
            .where(
                AuditEvent.id.in_(
                    select(func.max(AuditEvent.id))
                    .where(AuditEvent.subject.in_({each.subject for each in found.values()}))
                    .group_by(AuditEvent.subject)
                )
            )
        )
    }
    for event_id in event_ids:
        event = found.get(event_id)
        if event is None or event.subject.partition(":")[0] not in UNDOABLE:
            raise NotFoundError(gettext("There is nothing to undo."))
        if event.user_id != user_id:
            raise ConflictError(gettext("Only who decided this can undo it."))
        permission = UNDOABLE[event.subject.partition(":")[0]]
        if within is not None and permission not in within:
            raise ForbiddenError(gettext("The token does not allow this."))
        if not roles.may(role, permission):
            raise ForbiddenError(gettext("Your role does not allow this any more."))
        if BY_MAJORITY in (event.before or event.after or {}):
            raise ConflictError(gettext("A majority decided this: undo a verdict of your own."))
        if event.before is not None and event.after is not None:
            raise ConflictError(gettext("An edit is not undone: edit it again."))
        last = newest[event.subject]
        if last.id != event_id:
            raise ConflictError(_changed_since(last, user_id, event_id))
    return [found[each] for each in sorted(found, reverse=True)]


def _rows_of(write: Session, events: Sequence[AuditEvent]) -> list[Any]:
    """The rows of these events, read together; while they are kept, none is read again."""
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for event in events:
        kind, _, number = event.subject.partition(":")
        ids[kind].append(int(number))
    return [
        row
        for kind, some in ids.items()
        for row in write.scalars(
            select(_UNDOING[kind].table).where(_UNDOING[kind].table.id.in_(some))
        )
    ]


def _changed_since(newest: AuditEvent, user_id: int, event_id: int) -> str:
    moment = f"{newest.at:%Y-%m-%d %H:%M} UTC"
    if newest.undoes_id == event_id and newest.user_id == user_id:
        return gettext("You have undone this already, at %(moment)s.", moment=moment)
    return gettext(
        "Edit conflict: this was changed by %(by)s at %(moment)s.",
        by=newest.user.name if newest.user else gettext("the command line"),
        moment=moment,
    )


def _undo_one(write: Session, user_id: int, event: AuditEvent) -> Any:
    kind, _, number = event.subject.partition(":")
    undoing = _UNDOING[kind]
    if event.before is None:
        return undoing.withdraw(write, user_id, int(number))
    row = write.get(undoing.table, int(number), with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFoundError(gettext("What this was about has been removed."))
    if row.withdrawn_at is None:
        raise ConflictError(gettext("This stands again already."))
    if row.user_id != user_id:
        raise ConflictError(gettext("Only who decided this can undo it."))
    undoing.check_restorable(write, row)
    row.withdrawn_at = None
    return row


def _withdrawing(table: type[Any], words: Any) -> Callable[[Session, int, int], Any]:
    return lambda write, user_id, row_id: withdraw_own(write, user_id, table, row_id, words)


def _nothing_refuses(_write: Session, _row: Any) -> None:
    """Several may stand."""


_UNDOING = {
    KINDS[each.table].name: each
    for each in (
        _Undoing(Verdict, _withdrawing(Verdict, verdicts.WITHDRAWAL), verdicts.check_restorable),
        _Undoing(
            Adjudication,
            _withdrawing(Adjudication, adjudications.WITHDRAWAL),
            adjudications.check_restorable,
        ),
        _Undoing(Tagging, tags.withdraw_tagging, tags.check_restorable),
        _Undoing(
            TagCheck, _withdrawing(TagCheck, tag_checks.WITHDRAWAL), tag_checks.check_restorable
        ),
        _Undoing(DrawnRegion, drawings.withdraw_drawn, drawings.check_restorable),
        _Undoing(
            DismissedSuggestion,
            _withdrawing(DismissedSuggestion, dismissals.WITHDRAWAL),
            _nothing_refuses,
        ),
        _Undoing(
            CounterfactualNote,
            _withdrawing(CounterfactualNote, notes.WITHDRAWAL),
            _nothing_refuses,
        ),
        _Undoing(
            NoteReply,
            _withdrawing(NoteReply, note_replies.WITHDRAWAL),
            note_replies.check_restorable,
        ),
    )
}
