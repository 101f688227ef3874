"""The notes of a collection: listed, searched, filtered by what came of them under a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from workbench.services.review.note_replies import ReplyView, replies_to
from workbench.store.database import session
from workbench.store.folding import folded
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import Expectation, NoteReplay, NoteReply
from workbench.store.people import User
from workbench.store.versions import ModelVersion

NOTES_A_PAGE = 20
Came = Literal["met", "unmet", "untested", "refused", "waiting"]
CAME: tuple[Came, ...] = ("met", "unmet", "untested", "refused", "waiting")
"""What came of an expectation under a version; `waiting` for its replay."""
EDIT_KINDS = ("region", "dimension")


@dataclass(frozen=True)
class NoteFilter:
    """Which notes are listed. `text` is looked for in notes and replies."""

    text: str = ""
    person: str = ""
    came: str = ""
    edit_kind: str = ""


@dataclass(frozen=True)
class ReplayView:
    """What an edit does under a version. `refused` says why it cannot be replayed."""

    p_before: float | None
    p_after: float | None
    delta_logit: float | None
    control_mean: float | None
    met: bool | None
    refused: str


@dataclass(frozen=True)
class ListedNote:
    """A note in the list.

    version: number of the version that it was written on; None where that was removed.
    known: whether its author had asked for the same result before; None for older notes.
    replay: under the version that is shown; None where it was not replayed on it yet.
    """

    id: int
    image_id: int
    image: str
    edit_label: str
    edit_kind: str
    expectation: str
    bound: float | None
    known: bool | None
    text: str
    by: str
    at: datetime
    version: int | None
    replay: ReplayView | None
    replies: tuple[ReplyView, ...] = ()


@dataclass(frozen=True)
class NotePage:
    """Some notes, the newest first, and the id after which the next page begins."""

    notes: tuple[ListedNote, ...]
    after: int | None


def notes_of(
    collection_id: int,
    version_id: int,
    asked: NoteFilter,
    after: int | None = None,
    limit: int = NOTES_A_PAGE,
) -> NotePage:
    """A page of a collection's notes with their replies. Two queries at most."""
    statement = _listed(version_id).where(
        *_asked_for(collection_id, version_id, asked),
    )
    if after is not None:
        statement = statement.where(CounterfactualNote.id < after)
    rows = session().execute(statement.limit(limit + 1)).all()
    shown = rows[:limit]
    replies = replies_to([row[0].id for row in shown]) if shown else {}
    notes = tuple(_view(row, replies.get(row[0].id, ())) for row in shown)
    return NotePage(notes, notes[-1].id if len(rows) > limit else None)


def counts(collection_id: int, version_id: int) -> dict[Came, int]:
    """How many notes came to what under a version. One query."""
    replay = aliased(NoteReplay)
    # Literal: PostgreSQL does not take two parameters for the same expression.
    was_refused = replay.refused != literal_column("''")
    rows = session().execute(
        select(replay.note_id.is_not(None), replay.met, was_refused, func.count())
        .select_from(CounterfactualNote)
        .join(Image, Image.id == CounterfactualNote.image_id)
        .outerjoin(replay, _of_version(replay, version_id))
        .where(Image.collection_id == collection_id, CounterfactualNote.withdrawn_at.is_(None))
        .group_by(replay.note_id.is_not(None), replay.met, was_refused)
    )
    found = dict.fromkeys(CAME, 0)
    for replayed, met, refused, number in rows:
        found[_came(bool(replayed), met, bool(refused))] += number
    return found


def authors(collection_id: int) -> tuple[str, ...]:
    """Who wrote notes on images of a collection, by name. One query."""
    wrote = exists().where(
        CounterfactualNote.user_id == User.id,
        CounterfactualNote.image_id == Image.id,
        CounterfactualNote.withdrawn_at.is_(None),
        Image.collection_id == collection_id,
    )
    return tuple(session().scalars(select(User.name).where(wrote).order_by(User.name)))


def waiting(collection_id: int, version_id: int, after: int, limit: int) -> Sequence[int]:
    """The next notes of a collection that were not replayed on a version, by ascending id."""
    return (
        session()
        .scalars(
            select(CounterfactualNote.id)
            .join(Image, Image.id == CounterfactualNote.image_id)
            .where(
                Image.collection_id == collection_id,
                CounterfactualNote.withdrawn_at.is_(None),
                CounterfactualNote.id > after,
                ~exists().where(_of_version(NoteReplay, version_id)),
            )
            .order_by(CounterfactualNote.id)
            .limit(limit)
        )
        .all()
    )


def replay_view(row: NoteReplay) -> ReplayView:
    """A replay as pages show it."""
    return ReplayView(
        row.p_before, row.p_after, row.delta_logit, row.control_mean, row.met, row.refused
    )


def _came(replayed: bool, met: bool | None, refused: bool) -> Came:
    if not replayed:
        return "waiting"
    if refused:
        return "refused"
    return "untested" if met is None else "met" if met else "unmet"


def _of_version(replay: Any, version_id: int) -> ColumnElement[bool]:
    return and_(replay.note_id == CounterfactualNote.id, replay.version_id == version_id)


def _asked_for(collection_id: int, version_id: int, asked: NoteFilter) -> list[ColumnElement[bool]]:
    found = [Image.collection_id == collection_id, CounterfactualNote.withdrawn_at.is_(None)]
    if wanted := folded(asked.text):
        in_reply = exists().where(
            NoteReply.note_id == CounterfactualNote.id,
            NoteReply.withdrawn_at.is_(None),
            NoteReply.folded_text.contains(wanted, autoescape=True),
        )
        found.append(
            or_(CounterfactualNote.folded_text.contains(wanted, autoescape=True), in_reply)
        )
    if asked.person:
        found.append(User.name == asked.person)
    if asked.edit_kind:
        found.append(CounterfactualNote.edit["kind"].as_string() == asked.edit_kind)
    if asked.came:
        found.append(_came_to(asked.came, version_id))
    return found


def _came_to(came: str, version_id: int) -> ColumnElement[bool]:
    here = _of_version(NoteReplay, version_id)
    if came == "waiting":
        return ~exists().where(here)
    conditions = {
        "met": NoteReplay.met.is_(True),
        "unmet": NoteReplay.met.is_(False),
        "untested": NoteReplay.met.is_(None) & (NoteReplay.refused == ""),
        "refused": NoteReplay.refused != "",
    }
    return exists().where(here, conditions[came])


def _listed(version_id: int) -> Select[Any]:
    replay = aliased(NoteReplay)
    return (
        select(
            CounterfactualNote,
            Image.name,
            User.name,
            ModelVersion.number,
            Expectation.known,
            replay,
        )
        .join(Image, Image.id == CounterfactualNote.image_id)
        .join(User, User.id == CounterfactualNote.user_id)
        .outerjoin(ModelVersion, ModelVersion.id == CounterfactualNote.version_id)
        .outerjoin(Expectation, Expectation.id == CounterfactualNote.expectation_id)
        .outerjoin(replay, _of_version(replay, version_id))
        .order_by(CounterfactualNote.id.desc())
    )


def _view(row: Any, replies: tuple[ReplyView, ...]) -> ListedNote:
    note, image, by, version, known, replay = row
    return ListedNote(
        id=note.id,
        image_id=note.image_id,
        image=image,
        edit_label=note.edit["label"],
        edit_kind=note.edit["kind"],
        expectation=note.expectation,
        bound=note.bound,
        known=known,
        text=note.text,
        by=by,
        at=note.created_at,
        version=version,
        replay=replay_view(replay) if replay else None,
        replies=replies,
    )
