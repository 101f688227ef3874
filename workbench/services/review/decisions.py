"""An image's decision: what the verdicts and adjudications on it come to.

This is the one rule; cards, filters, the review queue and training all follow it. A decision says
what an image is (`real`, `fake`), or `unsure`, or `exclude`; never what it says of another label.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, false, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute

from workbench.store.database import session
from workbench.store.images import LABELS, Image
from workbench.store.judgements import Adjudication, Verdict
from workbench.store.people import User

Among = Callable[[InstrumentedAttribute[int]], ColumnElement[bool]]
"""Gives the condition on a column of image ids that says which images are asked about."""


def final_decision(verdicts: Iterable[str], adjudicated: str | None) -> str | None:
    """What counts of an image's verdicts (the newest of each person); None where there are none.

    An adjudication decides. Without one, people who agree decide, and people who do not are
    `unsure` together.
    """
    if adjudicated is not None:
        return adjudicated
    decisions = set(verdicts)
    if len(decisions) <= 1:
        return next(iter(decisions), None)
    return "unsure"


def label_by(imported: str | None, decision: str | None) -> str | None:
    """The label of an image by the decision on it: the decided one, else the imported, or none."""
    return decision if decision in LABELS else imported


def final_decisions(collection_id: int) -> dict[int, str]:
    """The final decision on each judged image of a collection, by image id. One query."""
    return _decisions(
        lambda image_id: exists().where(Image.id == image_id, Image.collection_id == collection_id)
    )


def excluded(collection_id: int) -> set[int]:
    """The images of a collection that people left out."""
    decided = final_decisions(collection_id)
    return {image_id for image_id, decision in decided.items() if decision == "exclude"}


def decisions_on(image_ids: Sequence[int]) -> dict[int, str]:
    """The final decision on each judged one of these images, by image id. One query."""
    return _decisions(lambda image_id: image_id.in_(image_ids))


@dataclass(frozen=True)
class Answer:
    """What one person said of an image, of those answers that count."""

    decision: str
    by: str
    at: datetime
    reason: str
    wrong_reason: bool = False
    by_majority: bool = False


@dataclass(frozen=True)
class Answers:
    """All that counts on an image: each person's newest verdict, and the newest adjudication."""

    verdicts: tuple[Answer, ...]
    adjudication: Answer | None

    @property
    def decision(self) -> str | None:
        """What they come to."""
        adjudicated = self.adjudication.decision if self.adjudication else None
        return final_decision((each.decision for each in self.verdicts), adjudicated)


def answers_in(collection_id: int) -> dict[int, Answers]:
    """What `final_decisions` is made of, with who said it and when, by image id. Two queries."""
    among = exists().where(Image.id == Verdict.image_id, Image.collection_id == collection_id)
    given = session().execute(
        select(
            Verdict.image_id,
            Verdict.user_id,
            Verdict.decision,
            User.name,
            Verdict.created_at,
            Verdict.reason,
            Verdict.wrong_reason,
        )
        .join(User, User.id == Verdict.user_id)
        .where(Verdict.withdrawn_at.is_(None), among)
        .order_by(Verdict.id)
    )
    by_person: defaultdict[int, dict[int, Answer]] = defaultdict(dict)
    for image_id, user_id, *said in given:
        by_person[image_id][user_id] = Answer(*said)
    adjudicated = session().execute(
        select(
            Adjudication.image_id,
            Adjudication.decision,
            User.name,
            Adjudication.created_at,
            Adjudication.reason,
            false(),
            Adjudication.by_majority,
        )
        .join(User, User.id == Adjudication.user_id)
        .join(Image, Image.id == Adjudication.image_id)
        .where(Adjudication.withdrawn_at.is_(None), Image.collection_id == collection_id)
        .order_by(Adjudication.id)
    )
    by_adjudication = {image_id: Answer(*said) for image_id, *said in adjudicated}
    return {
        image_id: Answers(
            tuple(by_person[image_id].values()) if image_id in by_person else (),
            by_adjudication.get(image_id),
        )
        for image_id in by_person.keys() | by_adjudication.keys()
    }


def _judged(among: Among) -> tuple[Select[tuple[int]], Select[tuple[int]]]:
    return (
        select(Verdict.image_id).where(Verdict.withdrawn_at.is_(None), among(Verdict.image_id)),
        select(Adjudication.image_id).where(
            Adjudication.withdrawn_at.is_(None), among(Adjudication.image_id)
        ),
    )


def _decisions(among: Among) -> dict[int, str]:
    given, adjudicated = _judged(among)
    rows = session().execute(
        union_all(
            given.add_columns(
                false().label("adjudicated"),
                Verdict.id.label("id"),
                Verdict.user_id,
                Verdict.decision,
            ),
            adjudicated.add_columns(
                true(), Adjudication.id, Adjudication.user_id, Adjudication.decision
            ),
        ).order_by("id")
    )
    # The newest come last, and stand.
    by_person: defaultdict[int, dict[int, str]] = defaultdict(dict)
    by_adjudication: dict[int, str] = {}
    for image_id, is_adjudication, _id, user_id, decision in rows:
        if is_adjudication:
            by_adjudication[image_id] = decision
        else:
            by_person[image_id][user_id] = decision
    return {
        image_id: decision
        for image_id in by_person.keys() | by_adjudication.keys()
        if (
            decision := final_decision(
                by_person[image_id].values() if image_id in by_person else (),
                by_adjudication.get(image_id),
            )
        )
    }
