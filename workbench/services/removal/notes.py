"""Counterfactual notes of images that go, with their replies, replays and expectations."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from workbench.services.removal.counts import count
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import Expectation, NoteReplay, NoteReply, ReplayRequest

_UNSYNCHRONISED = {"synchronize_session": False}


def count_notes(of_images: ColumnElement[bool]) -> int:
    """How many standing notes and replies there are; `of_images` is a condition on notes."""
    replies = select(NoteReply.id).join(NoteReply.note).where(of_images)
    return count(CounterfactualNote, of_images, CounterfactualNote.withdrawn_at.is_(None)) + count(
        NoteReply, NoteReply.id.in_(replies), NoteReply.withdrawn_at.is_(None)
    )


def delete_notes(write: Session, image_ids: Collection[int]) -> None:
    """Delete the notes on images with all that hangs on them."""
    here = select(CounterfactualNote.id).where(CounterfactualNote.image_id.in_(image_ids))
    for table in (NoteReply, NoteReplay):
        write.execute(
            delete(table).where(table.note_id.in_(here)), execution_options=_UNSYNCHRONISED
        )
    for of_image in (CounterfactualNote, Expectation):
        write.execute(
            delete(of_image).where(of_image.image_id.in_(image_ids)),
            execution_options=_UNSYNCHRONISED,
        )


def forget_version(write: Session, version_id: int) -> None:
    """Delete what notes did under a version, which goes; the notes and expectations stay."""
    for table in (NoteReplay, ReplayRequest):
        write.execute(
            delete(table).where(table.version_id == version_id), execution_options=_UNSYNCHRONISED
        )
    for row in (CounterfactualNote, Expectation):
        write.execute(
            update(row).where(row.version_id == version_id).values(version_id=None),
            execution_options=_UNSYNCHRONISED,
        )


def noted_in(collection_id: int) -> ColumnElement[bool]:
    """The notes on images of a collection."""
    here = select(Image.id).where(Image.collection_id == collection_id)
    return CounterfactualNote.image_id.in_(here)
