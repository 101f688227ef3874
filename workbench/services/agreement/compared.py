"""What people said of the same images, ready to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.analysis.agreement.answers import Answers
from workbench.store.database import session
from workbench.store.people import User

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Person:
    """Somebody whose answers are compared."""

    id: int
    name: str


@dataclass(frozen=True)
class Said:
    """One person's answer on one image. group: the source group of the image."""

    image_id: int
    person_id: int
    answer: str
    group: str
    at: datetime


@dataclass(frozen=True)
class Compared:
    """Answers of people on images; units of the answers are images, by `image_ids`.

    people: by code, id and name. words: the answers that one can give, by code. days: of each
    image, the day of its newest answer: since then it can be compared as it is now.
    """

    answers: Answers
    image_ids: Ids
    people: tuple[Person, ...]
    words: tuple[str, ...]
    days: NDArray[np.datetime64]

    def only(self, units: NDArray[np.bool_]) -> Answers:
        """The answers on some of the images."""
        return self.answers.of(units[self.answers.unit])


def compared(said: Sequence[Said], words: tuple[str, ...]) -> Compared:
    """Answers as arrays. Answers that are none of `words` are left out. One query, for names."""
    codes = {word: code for code, word in enumerate(words)}
    kept = [each for each in said if each.answer in codes]
    image_ids, first, unit = np.unique(
        np.array([each.image_id for each in kept], np.int64),
        return_index=True,
        return_inverse=True,
    )
    people, person = np.unique(
        np.array([each.person_id for each in kept], np.int64), return_inverse=True
    )
    groups = np.array([kept[at].group for at in first], np.str_)
    days = np.full(len(image_ids), np.datetime64("0001-01-01", "D"))
    np.maximum.at(days, unit, np.array([each.at.date() for each in kept], "datetime64[D]"))
    return Compared(
        Answers(
            unit,
            person,
            np.array([codes[each.answer] for each in kept], np.int64),
            np.unique(groups, return_inverse=True)[1],
            len(words),
        ),
        image_ids,
        named(people.tolist()),
        words,
        days,
    )


def named(ids: Sequence[int]) -> tuple[Person, ...]:
    """People by their ids, in that order. One query."""
    rows = session().execute(select(User.id, User.name).where(User.id.in_(ids)))
    names = dict(rows.tuples().all())
    return tuple(Person(each, names[each]) for each in ids)


def week_of(days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """The Monday of the week of each day."""
    since = (days - np.datetime64("1970-01-05")).astype(np.int64)
    return np.datetime64("1970-01-05") + (since // 7 * 7).astype("timedelta64[D]")
