"""Writing counterfactual notes: the expectation first, the result after it, then the words.

An expectation is a row of its own before anything is computed, so that it cannot be changed once
the result is seen; a note is written on it (ADR 60).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.image.counterfactuals import Outcome, try_described
from workbench.services.image.edits import Edit, description_of
from workbench.services.review.expectations import Expected, check_expected, is_met
from workbench.services.review.notes import NoteView, check_text, note_view
from workbench.store.database import session, transaction
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import Expectation, NoteReplay


@dataclass(frozen=True)
class Trial:
    """The result of an edit beside what its person expected of it.

    known: whether the person had asked for the same result before.
    noted: whether a note was written on it already.
    """

    expectation_id: int
    expected: Expected
    met: bool | None
    outcome: Outcome
    known: bool
    noted: bool


def expect(user_id: int, version_id: int, image_id: int, edit: Edit, expected: Expected) -> int:
    """Write down what a person expects of an edit; returns the id of that row.

    What was sent twice, as after a lost connection, is one row until a note is written on it.
    Raises InvalidError and NotFoundError as `description_of`.
    """
    check_expected(expected)
    described = description_of(version_id, image_id, edit)
    with transaction() as write:
        earlier = [
            each
            for each in write.scalars(
                select(Expectation)
                .where(
                    Expectation.user_id == user_id,
                    Expectation.image_id == image_id,
                    Expectation.version_id == version_id,
                )
                .order_by(Expectation.id.desc())
            )
            if _same(each.edit, described)
        ]
        if earlier and _stands(write, earlier[0], expected):
            return earlier[0].id
        made = Expectation(
            image_id=image_id,
            version_id=version_id,
            user_id=user_id,
            edit=described,
            direction=expected.direction,
            bound=expected.bound,
            known=bool(earlier),
        )
        write.add(made)
        write.flush()
        return made.id


def trial(user_id: int, version_id: int, image_id: int, expectation_id: int) -> Trial | None:
    """What the edit does that a person expected something of.

    None for somebody else's expectation, or one of another image or version.
    """
    row = session().get(Expectation, expectation_id)
    if row is None or (row.user_id, row.version_id, row.image_id) != (
        user_id,
        version_id,
        image_id,
    ):
        return None
    expected = Expected(row.direction, row.bound)
    known, edit = row.known, row.edit
    noted = select(CounterfactualNote.id).where(CounterfactualNote.expectation_id == expectation_id)
    already = session().scalar(noted) is not None
    outcome = try_described(version_id, image_id, edit)
    return Trial(expectation_id, expected, _met(expected, outcome), outcome, known, already)


def save_note(user_id: int, expectation_id: int, text: str) -> NoteView:
    """Save a counterfactual with words, on what was expected before its result was computed.

    The figures are the server's own, not the page's. Raises NotFoundError for somebody else's
    expectation, ConflictError where a note was written on it.
    """
    text = check_text(text)
    row = _own(user_id, expectation_id)
    version_id, image_id, edit = row.version_id, row.image_id, row.edit
    if version_id is None:
        raise NotFoundError(gettext("This version was removed."))
    expected = Expected(row.direction, row.bound)
    outcome = try_described(version_id, image_id, edit)
    low, high = outcome.interval or (None, None)
    figures: dict[str, Any] = {
        "p_before": outcome.p_before,
        "p_after": outcome.p_after,
        "delta_logit": outcome.delta_logit,
        "control_mean": outcome.control_mean,
        "control_low": low,
        "control_high": high,
    }
    try:
        with transaction() as write:
            note = CounterfactualNote(
                image_id=image_id,
                version_id=version_id,
                user_id=user_id,
                edit=edit,
                control_spread=outcome.control_std,
                expectation=expected.direction,
                bound=expected.bound,
                expectation_id=expectation_id,
                text=text,
                **figures,
            )
            write.add(note)
            write.flush()
            met = _met(expected, outcome)
            write.add(NoteReplay(note_id=note.id, version_id=version_id, met=met, **figures))
            write.flush()
            return note_view(note)
    except IntegrityError as error:
        raise ConflictError(
            gettext("A note was saved on this already. Run the edit again for another one.")
        ) from error


def _stands(write: Session, row: Expectation, expected: Expected) -> bool:
    """Whether a row says the same, and has no note yet."""
    noted = select(CounterfactualNote.id).where(CounterfactualNote.expectation_id == row.id)
    return Expected(row.direction, row.bound) == expected and write.scalar(noted) is None


def _met(expected: Expected, outcome: Outcome) -> bool | None:
    return is_met(expected, outcome.p_after, outcome.delta_logit, outcome.interval)


def _own(user_id: int, expectation_id: int) -> Expectation:
    row = session().get(Expectation, expectation_id)
    if row is None or row.user_id != user_id:
        raise NotFoundError(gettext("This was not run. Say what you expect, and run it."))
    return row


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two descriptions are of the same edit, whatever it is called."""
    return one | {"label": ""} == other | {"label": ""}
