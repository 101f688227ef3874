"""Withdrawing a row of one's own: a verdict, a tag, a tag check, a note, a drawn region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.errors import ConflictError, NotFoundError
from workbench.store.database import now
from workbench.store.judgements import (
    Adjudication,
    CounterfactualNote,
    DismissedSuggestion,
    TagCheck,
    Tagging,
    Verdict,
)
from workbench.store.notes import NoteReply
from workbench.store.regions import DrawnRegion
from workbench.store.tag_changes import TagExample

Row = TypeVar(
    "Row",
    Verdict,
    Adjudication,
    Tagging,
    TagCheck,
    DismissedSuggestion,
    CounterfactualNote,
    TagExample,
    DrawnRegion,
    NoteReply,
)


@dataclass(frozen=True)
class Words:
    """What is said where a row of a kind stays."""

    gone: LazyString
    not_own: LazyString


def withdraw_own(write: Session, user_id: int, table: type[Row], row_id: int, words: Words) -> Row:
    """Withdraw a row within a transaction; it stays in the table, and stands no more.

    Raises NotFoundError for a row that is not there or withdrawn already, ConflictError for
    somebody else's.
    """
    row = write.get(table, row_id)
    if row is None or row.withdrawn_at is not None:
        raise NotFoundError(str(words.gone))
    if row.user_id != user_id:
        raise ConflictError(str(words.not_own))
    if audit.who_acts(write) is None:
        audit.acting(write, user_id)
    row.withdrawn_at = now()
    return row
