"""Agreement looked at closely: by pair of people, by week, and the images that split people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Final

import numpy as np
from sqlalchemy import select

from workbench.analysis.agreement.figures import Agreement, agreement
from workbench.services.agreement.compared import Compared, Person, week_of
from workbench.store.database import session
from workbench.store.images import Image

MOST_PEOPLE: Final = 12
MOST_WEEKS: Final = 26
SPLITS_SHOWN: Final = 24


@dataclass(frozen=True)
class Pair:
    """How far two people agree on the images that both answered on."""

    first: Person
    second: Person
    agreement: Agreement


@dataclass(frozen=True)
class Week:
    """How far people agree on the images whose newest answer is of one week, from its Monday."""

    monday: date
    agreement: Agreement


@dataclass(frozen=True)
class SplitImage:
    """An image on which people gave different answers.

    said: people's names by answer, the most frequent first. waiting: for an adjudication.
    """

    id: int
    name: str
    said: tuple[tuple[str, tuple[str, ...]], ...]
    waiting: bool


@dataclass(frozen=True)
class Splits:
    """The images that split people. waiting: how many of them, for an adjudication.

    shown: some, without those that a queue is still gathering verdicts of: `held_back` so many.
    """

    total: int
    waiting: int
    held_back: int
    shown: tuple[SplitImage, ...]


def pairs(found: Compared) -> tuple[Pair, ...]:
    """Every two people with images in common, of those who answered most on shared images."""
    answers = found.answers
    shared = answers.of(answers.per_unit[answers.unit] >= 2)
    often = np.bincount(shared.person, minlength=len(found.people))
    busiest = sorted(np.argsort(-often, kind="stable")[:MOST_PEOPLE].tolist())
    of_pairs = (
        (first, second, shared.of_pair(first, second)) for first, second in combinations(busiest, 2)
    )
    return tuple(
        Pair(found.people[first], found.people[second], agreement(both))
        for first, second, both in of_pairs
        if len(both.unit)
    )


def weeks(found: Compared) -> tuple[Week, ...]:
    """The newest weeks in which images came to be compared, the oldest first."""
    mondays = week_of(found.days)
    comparable = found.answers.per_unit >= 2
    newest = np.unique(mondays[comparable])[-MOST_WEEKS:]
    return tuple(
        Week(monday.astype(object), agreement(found.only(comparable & (mondays == monday))))
        for monday in newest
    )


def splits(
    found: Compared, waiting: AbstractSet[int] = frozenset(), hidden: AbstractSet[int] = frozenset()
) -> Splits:
    """The images that split people: waiting ones first, then the most evenly divided. One query.

    waiting: images that wait for an adjudication. hidden: those that are not to be told of.
    """
    every = found.answers.splitting()
    ids = set(found.image_ids[every].tolist())
    units = every[~np.isin(found.image_ids[every], list(hidden))]
    chosen = set(units.tolist())
    said: dict[int, dict[str, list[str]]] = {}
    for unit, person, value in zip(
        found.answers.unit.tolist(),
        found.answers.person.tolist(),
        found.answers.value.tolist(),
        strict=True,
    ):
        if unit in chosen:
            by_answer = said.setdefault(int(found.image_ids[unit]), {})
            by_answer.setdefault(found.words[value], []).append(found.people[person].name)
    shown = sorted(said, key=lambda each: (each not in waiting, _unevenness(said[each]), -each))
    shown = shown[:SPLITS_SHOWN]
    names = _names(shown)
    return Splits(
        total=len(ids),
        waiting=len(ids & waiting),
        held_back=len(every) - len(units),
        shown=tuple(
            SplitImage(
                each,
                names[each],
                tuple(
                    (word, tuple(sorted(people)))
                    for word, people in sorted(
                        said[each].items(), key=lambda item: (-len(item[1]), item[0])
                    )
                ),
                each in waiting,
            )
            for each in shown
        ),
    )


def _unevenness(by_answer: dict[str, list[str]]) -> float:
    sizes = Counter({word: len(people) for word, people in by_answer.items()})
    return max(sizes.values()) / sizes.total()


def _names(ids: list[int]) -> dict[int, str]:
    rows = session().execute(select(Image.id, Image.name).where(Image.id.in_(ids)))
    return dict(rows.tuples().all())
