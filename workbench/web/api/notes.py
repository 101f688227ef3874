"""Counterfactual notes: an edit with what is expected of it, what came of it, and replies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from flask import Blueprint
from pydantic import Field

from workbench.services import workspaces
from workbench.services.image import edits, note_replays, note_writing
from workbench.services.review import note_list, note_replies, notes
from workbench.services.review.expectations import Expected
from workbench.services.review.note_list import NoteFilter
from workbench.services.review.notes import LONGEST_TEXT
from workbench.web.api.models import Id, Input, Made, Number, Ordinal, Output, Page, Paged
from workbench.web.api.operations import operation
from workbench.web.api.viewing import VersionQuery, version_of
from workbench.web.request.parsing import whole
from workbench.web.request.view_state import MOST_DIMENSIONS
from workbench.web.site import security, slots

blueprint = Blueprint("notes", __name__)
TAG = "Counterfactual notes"
Direction = Literal["fall", "rise", "stay"]
Came = Literal["met", "unmet", "untested", "refused", "waiting"]


class GroupEdit(Input):
    """A pixel group taken away."""

    group: Id
    fill: Literal["clone", "inpaint", "blur", "mean"] = "clone"


class DimensionEdit(Input):
    """A dimension set to 0, or to the mean of a cell."""

    dimension: int = Field(ge=0, le=MOST_DIMENSIONS - 1)
    to: Literal["zero", "own"] | Id = "zero"
    """`own` is the mean of the image's own cell; else a cell's id."""


class NewExpectation(Input):
    """An edit, and what p(fake) is expected to do."""

    edit: GroupEdit | DimensionEdit
    expectation: Direction
    bound: Annotated[float, Field(gt=0, lt=1)] | None = None
    """What p(fake) is expected to fall below, or rise above."""
    version: Ordinal | None = None
    """By its number; the active one by default."""


class Outcome(Output):
    """What an edit does, beside like edits elsewhere; logit changes are + toward fake."""

    edit_label: str
    p_before: Number
    p_after: Number
    delta_logit: Number
    control_mean: Number | None
    control_std: Number | None
    controls: list[Number]
    interval: tuple[Number, Number] | None
    """The controls' 95% prediction interval; null where they are too few."""


class Trial(Output):
    """The result of an edit beside what was expected of it."""

    expectation_id: Id
    met: bool | None
    """Null where there are too few controls to tell."""
    outcome: Outcome
    known: bool
    """Whether its person had asked for the same result before."""
    noted: bool


class NewText(Input):
    """What to say."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class SavedNote(Output):
    """A note with the figures of the version that it was written on."""

    id: Id
    edit_label: str
    p_before: Number
    p_after: Number
    delta_logit: Number
    control_mean: Number | None
    control_std: Number | None
    expectation: Direction
    bound: Number | None
    met: bool | None
    text: str
    by: str
    at: datetime


class Replay(Output):
    """What a note's edit does under a version."""

    p_before: Number | None
    p_after: Number | None
    delta_logit: Number | None
    control_mean: Number | None
    met: bool | None
    refused: str
    """Why it cannot be replayed; empty where it was."""


class Reply(Output):
    """A reply to a note."""

    id: Id
    text: str
    by: str
    at: datetime


class Note(Output):
    """A note of a collection, with what came of it under the version that is shown."""

    id: Id
    image_id: Id
    image: str
    edit_label: str
    edit_kind: str
    expectation: Direction
    bound: Number | None
    known: bool | None
    text: str
    by: str
    at: datetime
    version: int | None
    """The number of the one that it was written on; null where that was removed."""
    replay: Replay | None
    replies: list[Reply]


class NotesQuery(Paged):
    """Which notes, and under which version."""

    version: Ordinal | None = None
    text: str = Field(default="", max_length=100)
    """In notes and replies."""
    person: str = Field(default="", max_length=80)
    came: Came | None = None
    edit_kind: Literal["region", "dimension"] | None = None


class NotePage(Page):
    """A page of notes, the newest first."""

    items: list[Note]
    counts: dict[Came, int]
    """All notes of the collection, by what came of them."""


class Replays(Output):
    """How replaying all notes on a version stands."""

    running: bool
    waiting: int
    """Notes that were not replayed on it."""
    error: str
    """Why the newest request ended early; empty where it did not."""


@blueprint.post("/collections/<collection:name>/images/<record:image_id>/expectations")
@operation(TAG, answer=Trial, action="note", status=201)
@slots.costly()
def run_edit(name: str, image_id: int, json: NewExpectation) -> Trial:
    """Write down what is expected of an edit, then compute what it does.

    A note can be saved on that.
    """
    version, user_id = version_of(name, json.version), security.user_id()
    expected = Expected(json.expectation, json.bound)
    written = note_writing.expect(user_id, version.id, image_id, _edit(json.edit), expected)
    return Trial.model_validate(note_writing.trial(user_id, version.id, image_id, written))


@blueprint.post("/expectations/<record:expectation_id>/notes")
@operation(TAG, answer=SavedNote, action="note", status=201)
@slots.costly()
def save_note(expectation_id: int, json: NewText) -> SavedNote:
    """Save a note on an edit that one has run."""
    saved = note_writing.save_note(security.user_id(), expectation_id, json.text)
    return SavedNote.model_validate(saved)


@blueprint.get("/collections/<collection:name>/notes")
@operation(TAG, answer=NotePage)
def list_notes(name: str, query: NotesQuery) -> NotePage:
    """List the notes of a collection."""
    version, collection = version_of(name, query.version), workspaces.collection_id(name)
    asked = NoteFilter(query.text, query.person, query.came or "", query.edit_kind or "")
    after = whole({"cursor": query.cursor or ""}, "cursor", low=1)
    found = note_list.notes_of(collection, version.id, asked, after, query.limit)
    return NotePage(
        items=[Note.model_validate(each) for each in found.notes],
        counts=note_list.counts(collection, version.id),
        next=str(found.after) if found.after else None,
    )


@blueprint.delete("/notes/<record:note_id>")
@operation(TAG, action="note")
def withdraw_note(note_id: int) -> None:
    """Withdraw one's own note."""
    notes.withdraw_note(security.user_id(), note_id)


@blueprint.post("/notes/<record:note_id>/replies")
@operation(TAG, answer=Made, action="note", status=201)
def reply_to_note(note_id: int, json: NewText) -> Made:
    """Reply to a note."""
    return Made(id=note_replies.reply(security.user_id(), note_id, json.text))


@blueprint.delete("/replies/<record:reply_id>")
@operation(TAG, action="note")
def withdraw_reply(reply_id: int) -> None:
    """Withdraw one's own reply."""
    note_replies.withdraw_reply(security.user_id(), reply_id)


@blueprint.post("/collections/<collection:name>/notes/<record:note_id>/replay")
@operation(TAG, answer=Replay, action="note")
@slots.costly()
def replay_note(name: str, note_id: int, query: VersionQuery) -> Replay:
    """Replay one note on a version."""
    version = version_of(name, query.version)
    return Replay.model_validate(note_replays.replay(note_id, version.id))


@blueprint.get("/collections/<collection:name>/notes/replays")
@operation(TAG, answer=Replays)
def get_replays(name: str, query: VersionQuery) -> Replays:
    """Get how replaying all notes on a version stands."""
    return _replays(name, version_of(name, query.version).id)


@blueprint.post("/collections/<collection:name>/notes/replays")
@operation(TAG, answer=Replays, action="note", status=201)
def replay_notes(name: str, query: VersionQuery) -> Replays:
    """Ask the worker to replay all notes that were not yet, on a version."""
    version = version_of(name, query.version)
    note_replays.request_replays(security.user_id(), version.id)
    return _replays(name, version.id)


@blueprint.post("/collections/<collection:name>/notes/replays/cancel")
@operation(TAG, answer=Replays, action="note")
def cancel_replays(name: str, query: VersionQuery) -> Replays:
    """Cancel replaying all notes on a version; what was replayed stays."""
    version = version_of(name, query.version)
    note_replays.cancel_replays(version.id)
    return _replays(name, version.id)


def _edit(sent: GroupEdit | DimensionEdit) -> edits.Edit:
    if isinstance(sent, GroupEdit):
        return edits.RegionEdit(sent.group, sent.fill)
    return edits.DimensionEdit(sent.dimension, sent.to)


def _replays(name: str, version_id: int) -> Replays:
    return Replays(
        running=note_replays.open_request(version_id) is not None,
        waiting=note_list.counts(workspaces.collection_id(name), version_id)["waiting"],
        error=note_replays.last_error(version_id),
    )
