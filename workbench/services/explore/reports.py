"""What people have said of the images that have a pattern."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from workbench.services.models.patterns import find_pattern
from workbench.services.review.blinding import is_told
from workbench.services.review.notes import NoteView, note_view
from workbench.services.review.verdicts import VerdictView, verdict_view
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote, Verdict
from workbench.store.results import PixelGroup
from workbench.store.versions import ModelVersion

MOST_REMARKS = 200


@dataclass(frozen=True)
class Remark:
    """A verdict with its reason, or a counterfactual note, on an image that has the pattern."""

    image_id: int
    image_name: str
    verdict: VerdictView | None
    note: NoteView | None

    @property
    def at(self) -> datetime:
        """When it was said."""
        given = self.verdict or self.note
        if given is None:
            raise ValueError("a remark is a verdict or a note")
        return given.at


def remarks(version_id: int, pattern_id: int) -> tuple[Remark, ...]:
    """Standing reasons and notes on the pattern's images, the newest first, at most 200.

    Three queries, however many images. Raises NotFoundError for a pattern of another version.
    """
    find_pattern(version_id, pattern_id)
    found = _reasons(pattern_id) + _notes(pattern_id)
    found.sort(key=lambda remark: remark.at, reverse=True)
    return tuple(found[:MOST_REMARKS])


def _reasons(pattern_id: int) -> list[Remark]:
    query = (
        select(Verdict, ModelVersion.number, Image.name)
        .join(Image, Image.id == Verdict.image_id)
        .outerjoin(ModelVersion, ModelVersion.id == Verdict.version_id)
        .options(joinedload(Verdict.user))
        .where(
            Verdict.image_id.in_(_having(pattern_id)),
            Verdict.withdrawn_at.is_(None),
            Verdict.reason != "",
            is_told(Verdict.image_id, Verdict.user_id),
        )
        .order_by(Verdict.id.desc())
        .limit(MOST_REMARKS)
    )
    return [
        Remark(verdict.image_id, name, verdict_view(verdict, shown), None)
        for verdict, shown, name in session().execute(query)
    ]


def _notes(pattern_id: int) -> list[Remark]:
    query = (
        select(CounterfactualNote, Image.name)
        .join(Image, Image.id == CounterfactualNote.image_id)
        .options(joinedload(CounterfactualNote.user))
        .where(
            CounterfactualNote.image_id.in_(_having(pattern_id)),
            CounterfactualNote.withdrawn_at.is_(None),
        )
        .order_by(CounterfactualNote.id.desc())
        .limit(MOST_REMARKS)
    )
    return [
        Remark(note.image_id, name, None, note_view(note))
        for note, name in session().execute(query)
    ]


def _having(pattern_id: int) -> Select[tuple[int]]:
    return select(PixelGroup.image_id).where(PixelGroup.pattern_id == pattern_id)
