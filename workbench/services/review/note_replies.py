"""Replies to counterfactual notes; a reply has none of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.review.notes import check_text
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import session, transaction
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import NoteReply

WITHDRAWAL = Words(
    gone=lazy_gettext("This reply is already withdrawn."),
    not_own=lazy_gettext("Only its author can withdraw this reply."),
)


@dataclass(frozen=True)
class ReplyView:
    """A reply below its note."""

    id: int
    text: str
    by: str
    at: datetime


def reply(user_id: int, note_id: int, text: str) -> int:
    """Reply to a standing note; returns the reply's id. Raises NotFoundError, InvalidError."""
    text = check_text(text)
    with transaction() as write:
        _standing(write, note_id)
        made = NoteReply(note_id=note_id, user_id=user_id, text=text)
        write.add(made)
        write.flush()
        return made.id


def withdraw_reply(user_id: int, reply_id: int) -> None:
    """Take one's own reply back."""
    with transaction() as write:
        withdraw_own(write, user_id, NoteReply, reply_id, WITHDRAWAL)


def check_restorable(write: Session, row: NoteReply) -> None:
    """Raise ConflictError where the note was withdrawn: nobody would see the reply."""
    if write.get_one(CounterfactualNote, row.note_id).withdrawn_at is not None:
        raise ConflictError(gettext("The note was withdrawn."))


def replies_to(note_ids: Sequence[int]) -> dict[int, tuple[ReplyView, ...]]:
    """The standing replies to these notes, the oldest first. One query."""
    found: defaultdict[int, list[ReplyView]] = defaultdict(list)
    for each in session().scalars(
        select(NoteReply)
        .options(joinedload(NoteReply.user))
        .where(NoteReply.note_id.in_(note_ids), NoteReply.withdrawn_at.is_(None))
        .order_by(NoteReply.id)
    ):
        found[each.note_id].append(ReplyView(each.id, each.text, each.user.name, each.created_at))
    return {note_id: tuple(some) for note_id, some in found.items()}


def _standing(write: Session, note_id: int) -> None:
    note = write.get(CounterfactualNote, note_id, with_for_update=True, populate_existing=True)
    if note is None or note.withdrawn_at is not None:
        raise NotFoundError(gettext("This note was withdrawn."))
