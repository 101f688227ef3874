"""Counterfactual notes: a counterfactual, a person's words, and what they expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.services.errors import InvalidError
from workbench.services.review.expectations import Expected, is_met
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import session, transaction
from workbench.store.judgements import CounterfactualNote

LONGEST_TEXT = 4000
WITHDRAWAL = Words(
    gone=lazy_gettext("This note is already withdrawn."),
    not_own=lazy_gettext("Only its author can withdraw this note."),
)


@dataclass(frozen=True)
class NoteView:
    """A note with the figures of the version that it was written on.

    met: whether the score did what the person expected; None: not tested.
    bound: what p(fake) was expected to fall below, or rise above; None where nothing was said.
    """

    id: int
    edit_label: str
    p_before: float
    p_after: float
    delta_logit: float
    control_mean: float | None
    control_std: float | None
    expectation: str
    met: bool | None
    text: str
    by: str
    at: datetime
    bound: float | None = None


def notes_on(image_id: int) -> tuple[NoteView, ...]:
    """The standing notes on an image, the newest first."""
    found = session().scalars(
        select(CounterfactualNote)
        .options(joinedload(CounterfactualNote.user))
        .where(CounterfactualNote.image_id == image_id, CounterfactualNote.withdrawn_at.is_(None))
        .order_by(CounterfactualNote.id.desc())
    )
    return tuple(note_view(each) for each in found)


def check_text(text: str) -> str:
    """The words of a note or reply as they are kept. Raises InvalidError for none or too many."""
    if not text.strip():
        raise InvalidError(gettext("The note is empty. Write what the edit shows."))
    if len(text) > LONGEST_TEXT:
        raise InvalidError(
            gettext("A note has at most %(longest)s characters.", longest=LONGEST_TEXT)
        )
    return text.strip()


def note_view(note: CounterfactualNote) -> NoteView:
    """A note as pages show it."""
    low, high = note.control_low, note.control_high
    interval = None if low is None or high is None else (low, high)
    expected = Expected(note.expectation, note.bound)
    return NoteView(
        id=note.id,
        edit_label=note.edit["label"],
        p_before=note.p_before,
        p_after=note.p_after,
        delta_logit=note.delta_logit,
        control_mean=note.control_mean,
        control_std=note.control_spread,
        expectation=note.expectation,
        met=is_met(expected, note.p_after, note.delta_logit, interval),
        text=note.text,
        by=note.user.name,
        at=note.created_at,
        bound=note.bound,
    )


def withdraw_note(user_id: int, note_id: int) -> None:
    """Take one's own note back."""
    with transaction() as write:
        withdraw_own(write, user_id, CounterfactualNote, note_id, WITHDRAWAL)
