"""Histories of people, images and tags: what was decided, and undoing what one decided oneself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, stream_with_context
from pydantic import Field

from workbench.services import collections
from workbench.services.collections import LONGEST_NAME
from workbench.services.review import history, history_export, undo
from workbench.services.review.history import KIND_NAMES, Asked, HistoryPage
from workbench.services.review.undo import MOST_AT_ONCE, Undoable
from workbench.store.database import LARGEST_ID
from workbench.web.api.models import Id, Input, Line, Output, Page, Paged
from workbench.web.api.operations import operation
from workbench.web.request.asking import read_asked
from workbench.web.site import security

blueprint = Blueprint("history", __name__)
TAG = "History"
Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(9000, 12, 31))]


class EventsAsked(Input):
    """Which events; conditions combine."""

    image: Id | None = None
    tag: Id | None = None
    collection: Line | None = Field(default=None, max_length=LONGEST_NAME)
    kind: str | None = Field(default=None, json_schema_extra={"enum": [*KIND_NAMES, None]})
    """What they are about."""
    since: Day | None = None
    """The first day, in UTC."""
    until: Day | None = None
    """The last day."""

    def asked(self, person_id: int | None) -> Asked:
        """The same for services, of one person or of all. Raises InvalidError."""
        told = self.model_dump(exclude_none=True, include=set(EventsAsked.model_fields))
        return read_asked({name: str(each) for name, each in told.items()}, person_id)


class EventsAskedQuery(EventsAsked):
    """Which events."""


class EventsQuery(EventsAsked, Paged):
    """Which events, and which page of them."""


class EventsOfImageQuery(Paged):
    """Which page of them."""


class EventsOfQuery(EventsAsked):
    """Which events, whoever's they are."""

    person: Id | None = None
    """Whose; of all people by default."""


class Event(Output):
    """What somebody decided; null or empty where what it concerns is gone."""

    id: Id
    at: datetime
    person_id: int | None
    by: str
    action: str
    subject: str
    """Its kind and its id."""
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    image_id: int | None
    image: str
    tag_id: int | None
    tag: str
    collection: str
    version: int | None
    undoes_id: int | None
    undone: bool
    undoable: bool
    """Whether its person can undo it now."""


class EventPage(Page):
    """Events, the newest first."""

    items: list[Event]


class UndoableEvents(Output):
    """What can be undone at once; sent back as it is to undo it."""

    count: int
    newest: int
    """The id of the newest of them; 0 without any."""
    more: bool
    """Whether there are more than so many."""


class UndoEvents(EventsAsked):
    """Which events to undo: what was asked for, and what the answer was."""

    count: int = Field(ge=1, le=MOST_AT_ONCE)
    newest: int = Field(ge=1, le=LARGEST_ID)


class Undone(Output):
    """What was undone."""

    undone: int
    """How many events."""


@blueprint.get("/history")
@operation(TAG, answer=EventPage)
def list_own_history(query: EventsQuery) -> EventPage:
    """List what one decided."""
    return _page(security.user_id(), query)


@blueprint.get("/people/<record:person_id>/history")
@operation(TAG, answer=EventPage)
def list_history_of_person(person_id: int, query: EventsQuery) -> EventPage:
    """List what a person decided."""
    history.person_named(person_id)
    return _page(person_id, query)


@blueprint.get("/collections/<collection:name>/images/<record:image_id>/history")
@operation(TAG, answer=EventPage)
def list_history_of_image(name: str, image_id: int, query: EventsOfImageQuery) -> EventPage:
    """List what people decided on an image."""
    collections.require_image(name, image_id)
    found = history.history(Asked(image_id=image_id), query.after, query.limit)
    return _told(found)


@blueprint.get("/history/export")
@operation(TAG, media="application/x-ndjson")
def export_history(query: EventsOfQuery) -> Response:
    """Get all events that are asked for as JSON lines, the newest first."""
    return _streamed(query, "jsonl", "application/x-ndjson")


@blueprint.get("/history/export.csv")
@operation(TAG, media="text/csv")
def export_history_as_csv(query: EventsOfQuery) -> Response:
    """Get all events that are asked for as CSV, the newest first."""
    return _streamed(query, "csv", "text/csv; charset=utf-8")


@blueprint.get("/history/undoable")
@operation(TAG, answer=UndoableEvents)
def count_undoable(query: EventsAskedQuery) -> UndoableEvents:
    """Count what one can undo at once: the newest events, as far as the token's scopes reach."""
    user_id = security.user_id()
    found = undo.count_undoable(user_id, query.asked(user_id), security.scopes())
    return UndoableEvents.model_validate(found)


@blueprint.post("/history/undo")
@operation(TAG, answer=Undone, action="judge")
def undo_events(json: UndoEvents) -> Undone:
    """Undo all of one's own events that were counted, all or none.

    The token needs the scope of each: that of tags to undo a tagging.
    """
    user_id = security.user_id()
    seen = Undoable(json.count, json.newest, more=False)
    return Undone(undone=undo.undo_all(user_id, json.asked(user_id), seen, security.scopes()))


@blueprint.post("/history/<record:event_id>/undo")
@operation(TAG, answer=Undone, action="judge")
def undo_event(event_id: int) -> Undone:
    """Undo one event of one's own; undone again, it stands again.

    The token needs its scope, too: that of tags to undo a tagging.
    """
    undo.undo(security.user_id(), event_id, security.scopes())
    return Undone(undone=1)


def _page(person_id: int, query: EventsQuery) -> EventPage:
    return _told(history.history(query.asked(person_id), query.after, query.limit))


def _told(found: HistoryPage) -> EventPage:
    return EventPage(
        items=[Event.model_validate(each) for each in found.events],
        next=None if found.after is None else str(found.after),
    )


def _streamed(query: EventsOfQuery, form: Literal["csv", "jsonl"], kind: str) -> Response:
    lines = history_export.lines(query.asked(query.person), form)
    return Response(stream_with_context(lines), content_type=kind)
