"""History: the audit trail of an image, a tag, a person or a collection, the newest event first."""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from workbench.services import roles, visibility
from workbench.services.errors import NotFoundError
from workbench.services.review.blinding import is_told
from workbench.services.review.recording import KINDS
from workbench.store.database import session
from workbench.store.images import Collection, Image
from workbench.store.judgements import Adjudication, Tag, Verdict
from workbench.store.people import AuditEvent, User
from workbench.store.tag_changes import TagExample
from workbench.store.versions import ModelVersion

EVENTS_A_PAGE = 50
KIND_NAMES = tuple(each.name for each in KINDS.values())
"""What a history can be limited to."""
_NOT_UNDONE = {Tag, TagExample}
"""The taxonomy reverses its own changes."""
UNDOABLE: Final[Mapping[str, str]] = {
    each.name: each.permission for table, each in KINDS.items() if table not in _NOT_UNDONE
}
"""What can be undone, and what its person's role must still allow."""
BY_MAJORITY: Final = "by_majority"
"""Told of what nobody decided alone: it follows the verdicts, and is not undone as such."""
_OPINIONS = tuple(KINDS[each].name for each in (Verdict, Adjudication))
"""What others say of an image, which who has to judge it blind is not told yet."""
_ACCOUNTS = ("user", "invitation", "token", "webhook")
"""Who signed in when, and what admins did to accounts, is in the audit log, and in no history."""
_OF_NO_COLLECTION = ("tag", "vocabulary")
"""What everybody shares. Any other event is of a collection, though an old one may not say so."""
_UNTOLD_OF_QUEUES = frozenset({"controls"})
"""What events of review queues say to leads alone, on the queue's page."""
_EXPORTED = 2_000


@dataclass(frozen=True)
class Asked:
    """Which events are asked for. `until` is the last day that counts."""

    person_id: int | None = None
    image_id: int | None = None
    tag_id: int | None = None
    collection: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class EventView:
    """An event with the names of what it concerns; None or empty where that is gone.

    undone: whether another event has undone it. undoable: whether its person can undo it now, as
    it is the last one about its row.
    """

    id: int
    at: datetime
    person_id: int | None
    by: str
    action: str
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    image_id: int | None
    image: str
    tag_id: int | None
    tag: str
    collection: str
    version: int | None
    undoes_id: int | None
    undone: bool
    undoable: bool


@dataclass(frozen=True)
class HistoryPage:
    """Some events, and the id after which the next page begins; None at the end."""

    events: tuple[EventView, ...]
    after: int | None


def history(asked: Asked, after: int | None = None, most: int = EVENTS_A_PAGE) -> HistoryPage:
    """A page of at most so many events. One query."""
    rows = _read(_asked_for(asked), after, most + 1)
    more = len(rows) > most
    shown = rows[:most]
    return HistoryPage(tuple(shown), shown[-1].id if more else None)


def history_of_tag(tag_id: int, after: int | None = None) -> HistoryPage:
    """What became of a tag, of the taggings with it and of the checks of those. One query."""
    return history(Asked(tag_id=tag_id), after)


def history_of_image(image_id: int, after: int | None = None) -> HistoryPage:
    """What people decided on an image and on its regions. One query."""
    return history(Asked(image_id=image_id), after)


def person_named(user_id: int) -> str:
    """The name of an account. Raises NotFoundError."""
    name = session().scalar(select(User.name).where(User.id == user_id))
    if name is None:
        raise NotFoundError("Person not found.")
    return name


def collection_names() -> tuple[str, ...]:
    """The collections that a history can be limited to."""
    seen = visibility.visible(Collection.id)
    return tuple(session().scalars(select(Collection.name).where(seen).order_by(Collection.name)))


def exported(asked: Asked) -> Iterator[dict[str, Any]]:
    """All events that are asked for, the newest first, as plain values. Read some at a time.

    What is seen is settled by the call, and not while it is read, when a request may have ended.
    """
    return _all_of(_asked_for(asked))


def _all_of(conditions: list[ColumnElement[bool]]) -> Iterator[dict[str, Any]]:
    after: int | None = None
    while rows := _read(conditions, after, _EXPORTED):
        for each in rows:
            values = asdict(each)
            values["at"] = each.at.isoformat()
            del values["undoable"]
            yield values
        after = rows[-1].id


def undoable(
    user_id: int, asked: Asked, most: int, within: Some[str] | None = None
) -> tuple[int, ...]:
    """The newest events, of what is asked for, that this person can undo; at most so many.

    within: the permissions that a token gives; None for all that the person has.
    """
    own = AuditEvent.user_id == user_id
    return tuple(
        session().scalars(
            select(AuditEvent.id)
            .join(User, User.id == AuditEvent.user_id)
            .where(*_asked_for(asked), own, _can_be_undone(within))
            .order_by(AuditEvent.id.desc())
            .limit(most)
        )
    )


def _can_be_undone(within: Some[str] | None = None) -> ColumnElement[bool]:
    """Whether an event is the last one about a row of a kind that its `User` may undo."""
    later = aliased(AuditEvent)
    allowed = [
        and_(
            _of_kinds(tuple(each for each in UNDOABLE if UNDOABLE[each] == permission)),
            User.role.in_(roles.roles_that_may(permission)),
        )
        for permission in dict.fromkeys(UNDOABLE.values())
        if within is None or permission in within
    ]
    return and_(
        or_(false(), *allowed),
        *(
            each[BY_MAJORITY].as_boolean().is_not(true())
            for each in (AuditEvent.before, AuditEvent.after)
        ),
        # One that changed a row has both.
        AuditEvent.before.is_(None) | AuditEvent.after.is_(None),
        ~exists().where(later.subject == AuditEvent.subject, later.id > AuditEvent.id),
    )


def _of_kinds(kinds: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(*(AuditEvent.subject.startswith(f"{each}:", autoescape=True) for each in kinds))


def _asked_for(asked: Asked) -> list[ColumnElement[bool]]:
    found = [
        ~_of_kinds(_ACCOUNTS),
        _is_seen(),
        or_(~_of_kinds(_OPINIONS), is_told(AuditEvent.image_id, AuditEvent.user_id)),
    ]
    for column, value in (
        (AuditEvent.user_id, asked.person_id),
        (AuditEvent.image_id, asked.image_id),
        (AuditEvent.tag_id, asked.tag_id),
    ):
        if value is not None:
            found.append(column == value)
    if asked.collection:
        named = select(Collection.id).where(Collection.name == asked.collection)
        found.append(AuditEvent.collection_id == named.scalar_subquery())
    if asked.kind:
        found.append(_of_kinds((asked.kind,)))
    if asked.since is not None:
        found.append(AuditEvent.at >= _midnight(asked.since))
    if asked.until is not None:
        found.append(AuditEvent.at < _midnight(asked.until + timedelta(days=1)))
    return found


def _is_seen() -> ColumnElement[bool]:
    """Whether an event is of a collection that is seen, or of none at all."""
    if not visibility.hides_any():
        return true()
    of_seen_image = (
        exists()
        .where(Image.id == AuditEvent.image_id, visibility.visible(Image.collection_id))
        .correlate(AuditEvent)
    )
    return and_(
        visibility.visible(AuditEvent.collection_id),
        AuditEvent.collection_id.is_not(None) | _of_kinds(_OF_NO_COLLECTION) | of_seen_image,
    )


def _midnight(day: date) -> datetime:
    return datetime.fromisoformat(f"{day.isoformat()}T00:00:00+00:00")


def _read(conditions: list[ColumnElement[bool]], after: int | None, limit: int) -> list[EventView]:
    if after is not None:
        conditions = [*conditions, AuditEvent.id < after]
    rows = session().execute(_statement().where(*conditions).limit(limit))
    return [_view(EventView(*each)) for each in rows]


def _view(event: EventView) -> EventView:
    if event.after is None or not event.subject.startswith("queue:"):
        return event
    told = {name: each for name, each in event.after.items() if name not in _UNTOLD_OF_QUEUES}
    return replace(event, after=told)


def _statement() -> Select[Any]:
    undoing = aliased(AuditEvent)
    return (
        select(
            AuditEvent.id,
            AuditEvent.at,
            AuditEvent.user_id,
            func.coalesce(User.name, ""),
            AuditEvent.action,
            AuditEvent.subject,
            AuditEvent.before,
            AuditEvent.after,
            Image.id,
            func.coalesce(Image.name, ""),
            Tag.id,
            func.coalesce(Tag.name, ""),
            func.coalesce(Collection.name, ""),
            ModelVersion.number,
            AuditEvent.undoes_id,
            undoing.id.is_not(None),
            _can_be_undone(),
        )
        .outerjoin(User, User.id == AuditEvent.user_id)
        .outerjoin(Image, Image.id == AuditEvent.image_id)
        .outerjoin(Tag, Tag.id == AuditEvent.tag_id)
        .outerjoin(Collection, Collection.id == AuditEvent.collection_id)
        .outerjoin(ModelVersion, ModelVersion.id == AuditEvent.version_id)
        .outerjoin(undoing, undoing.undoes_id == AuditEvent.id)
        .order_by(AuditEvent.id.desc())
    )
