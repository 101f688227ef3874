"""Notes replayed on other versions: one by one, or all of a collection by the worker.

Each replay is a row of its own, committed at once: a request that was cancelled, or whose process
died, goes on with the notes that have none.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.services.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    ServiceError,
    UnavailableError,
)
from workbench.services.image.counterfactuals import Outcome, try_described
from workbench.services.models.new_concepts import means_the_same
from workbench.services.models.versions import finished_version
from workbench.services.review.expectations import Expected, is_met
from workbench.services.review.note_list import ReplayView, replay_view, waiting
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import NoteReplay, ReplayRequest
from workbench.store.versions import ModelVersion

_AT_A_TIME = 50


@dataclass(frozen=True)
class OpenRequest:
    """A request that the worker has not ended yet."""

    id: int
    cancelled: bool


def replay(note_id: int, version_id: int) -> ReplayView:
    """Compute what a note's edit does under a version, and keep it.

    What cannot be replayed there is kept with why. Raises NotFoundError, and UnavailableError where
    the version's encoder or the image's pixels cannot be had at present.
    """
    note = session().get(CounterfactualNote, note_id)
    if note is None or note.withdrawn_at is not None:
        raise NotFoundError(gettext("This note was withdrawn."))
    version = finished_version(version_id)
    image_of = session().get_one(Image, note.image_id)
    if version.collection_id != image_of.collection_id:
        raise NotFoundError(gettext("Version not found."))
    expected = Expected(note.expectation, note.bound)
    image_id, edit, of_version = note.image_id, note.edit, note.version_id
    outcome, refused = None, ""
    try:
        if edit["kind"] == "dimension":
            _check_meaning(edit["dimension"], of_version, version_id)
        outcome = try_described(version_id, image_id, edit)
    except UnavailableError:
        raise
    except (InvalidError, NotFoundError) as error:
        refused = str(error)
    with transaction() as write:
        # Withdrawn or removed meanwhile: nothing may hang on it.
        if write.get(CounterfactualNote, note_id) is None:
            raise NotFoundError(gettext("This note was withdrawn."))
        row = _row(note_id, version_id, expected, outcome, refused)
        write.merge(row)
        return replay_view(row)


def request_replays(user_id: int, version_id: int) -> None:
    """Ask the worker to replay all notes of a version's collection that were not yet replayed.

    Raises ConflictError where that was asked for already, InvalidError where nothing is left.
    """
    collection_id = finished_version(version_id).collection_id
    if not waiting(collection_id, version_id, 0, 1):
        raise InvalidError(gettext("All notes were replayed on this version."))
    try:
        with transaction() as write:
            write.add(ReplayRequest(version_id=version_id, user_id=user_id))
    except IntegrityError as error:
        raise ConflictError(gettext("The notes are being replayed already.")) from error


def cancel_replays(version_id: int) -> None:
    """Cancel the open request of a version; what was replayed stays. Raises ConflictError."""
    with transaction() as write:
        found = _open(write, version_id)
        if found is None:
            raise ConflictError(gettext("The notes are not being replayed any more."))
        found.cancelled = True
        found.ended_at = now()


def open_request(version_id: int) -> OpenRequest | None:
    """The request of a version that is not ended. One query."""
    found = _open(session(), version_id)
    return OpenRequest(found.id, found.cancelled) if found else None


def last_error(version_id: int) -> str:
    """Why the newest request of a version ended early; empty where it did not."""
    found = select(ReplayRequest.error).where(ReplayRequest.version_id == version_id)
    return session().scalar(found.order_by(ReplayRequest.id.desc()).limit(1)) or ""


def work(stop: threading.Event) -> int:
    """Go through the oldest open request until it ends or `stop` is set; how many were replayed."""
    found = (
        session()
        .execute(
            select(ReplayRequest.id, ReplayRequest.version_id, ModelVersion.collection_id)
            .join(ModelVersion, ModelVersion.id == ReplayRequest.version_id)
            .where(ReplayRequest.ended_at.is_(None))
            .order_by(ReplayRequest.id)
            .limit(1)
        )
        .first()
    )
    session().rollback()
    if found is None:
        return 0
    request_id, version_id, collection_id = found
    done = after = 0
    while some := waiting(collection_id, version_id, after, _AT_A_TIME):
        session().rollback()
        for note_id in some:
            if stop.is_set() or _is_ended(request_id):
                return done
            after = note_id
            try:
                replay(note_id, version_id)
            except NotFoundError:
                continue  # it was withdrawn, or its image removed
            except ServiceError as error:
                _end(request_id, str(error))
                return done
            done += 1
    _end(request_id, "")
    return done


def _check_meaning(dimension: int, of_version: int | None, version_id: int) -> None:
    if of_version is None:
        raise InvalidError(
            gettext("The version that it was written on was removed: dimensions have no meaning.")
        )
    if of_version != version_id and not means_the_same(dimension, of_version, version_id):
        raise InvalidError(
            gettext("Dimension %(index)s means something else in this version.", index=dimension)
        )


def _row(
    note_id: int, version_id: int, expected: Expected, outcome: Outcome | None, refused: str
) -> NoteReplay:
    """Whole in each column, as it may take an earlier one's place."""
    low, high = (outcome.interval if outcome else None) or (None, None)
    return NoteReplay(
        note_id=note_id,
        version_id=version_id,
        p_before=outcome.p_before if outcome else None,
        p_after=outcome.p_after if outcome else None,
        delta_logit=outcome.delta_logit if outcome else None,
        control_mean=outcome.control_mean if outcome else None,
        control_low=low,
        control_high=high,
        met=is_met(expected, outcome.p_after, outcome.delta_logit, outcome.interval)
        if outcome
        else None,
        refused=refused,
        at=now(),
    )


def _open(reading: Session, version_id: int) -> ReplayRequest | None:
    return reading.scalar(
        select(ReplayRequest).where(
            ReplayRequest.version_id == version_id, ReplayRequest.ended_at.is_(None)
        )
    )


def _is_ended(request_id: int) -> bool:
    ended = session().scalar(
        select(ReplayRequest.ended_at.is_not(None)).where(ReplayRequest.id == request_id)
    )
    session().rollback()
    return ended is not False


def _end(request_id: int, error: str) -> None:
    with transaction() as write:
        write.execute(
            update(ReplayRequest)
            .where(ReplayRequest.id == request_id, ReplayRequest.ended_at.is_(None))
            .values(ended_at=now(), error=error)
        )
