"""Work by person, with what may be wrong with it: one answer to everything, or no time to look."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, Literal

import numpy as np
from sqlalchemy import func, select

from workbench.analysis.agreement.answers import pairs_of
from workbench.services.agreement.compared import Compared, Said, named
from workbench.services.dashboard.acts import Act, Span
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Verdict

Concern = Literal["one_answer", "fast"]
FEWEST: Final = 20
"""With fewer verdicts, or times between them, nothing is said of a person's habits."""
ONE_ANSWER: Final = 0.95
"""The share from which one answer is all that somebody gives."""
UNLIKE_LABELS: Final = 0.1
"""So much more often than the labels of the very images that they judged say it."""
FAST: Final = 1.0
"""Seconds a verdict: nobody looks at an image and decides in less."""
PAUSE: Final = 300.0
"""Longer between two verdicts, in seconds, is a pause."""


@dataclass(frozen=True)
class PersonWork:
    """What one person did.

    answers: verdicts by decision. compared: comparisons with other people's verdicts, of any time;
    same: the share of them that say the same. pace: median seconds from one verdict to the next,
    without pauses. labelled: the share of the images that they judged whose imported label is
    their most frequent answer.
    """

    id: int
    name: str
    answers: Mapping[str, int]
    tagged: int
    checked: int
    noted: int
    compared: int
    same: float | None
    pace: float | None
    labelled: float | None
    concerns: tuple[Concern, ...]

    @property
    def judged(self) -> int:
        """Verdicts, of any decision."""
        return sum(self.answers.values())

    @property
    def usual(self) -> tuple[str, float] | None:
        """The most frequent answer, and its share; None without a verdict."""
        if not self.judged:
            return None
        answer = max(self.answers, key=lambda each: self.answers[each])
        return answer, self.answers[answer] / self.judged


def by_person(
    collection_id: int, span: Span, said: Sequence[Said], acts: Sequence[Act], found: Compared
) -> tuple[PersonWork, ...]:
    """Everybody who did something in these days, those who judged most first. Two queries."""
    answers: defaultdict[int, Counter[str]] = defaultdict(Counter)
    times: defaultdict[int, list[float]] = defaultdict(list)
    for each in said:
        answers[each.person_id][each.answer] += 1
        times[each.person_id].append(each.at.timestamp())
    done = Counter((each.person_id, each.kind) for each in acts)
    agreeing = _agreeing(found)
    labels = _labels(collection_id, span)
    ids = sorted(answers.keys() | {person_id for person_id, _kind in done})
    people = [
        _work(
            person.id,
            person.name,
            dict(answers[person.id]),
            {kind: done[person.id, kind] for kind in ("tag", "check", "note")},
            agreeing.get(person.id, (0, None)),
            _pace(times[person.id]),
            labels.get(person.id, {}),
        )
        for person in named(ids)
    ]
    return tuple(sorted(people, key=lambda each: (-each.judged, -each.tagged, each.name)))


def _work(
    person_id: int,
    name: str,
    answers: dict[str, int],
    done: dict[str, int],
    agreeing: tuple[int, float | None],
    pace: float | None,
    labels: Mapping[str | None, int],
) -> PersonWork:
    plain = PersonWork(
        person_id,
        name,
        answers,
        done["tag"],
        done["check"],
        done["note"],
        *agreeing,
        pace,
        None,
        (),
    )
    if plain.usual is None:
        return plain
    answer, share = plain.usual
    labelled = labels.get(answer, 0) / max(sum(labels.values()), 1)
    concerns: list[Concern] = []
    if plain.judged >= FEWEST and share >= ONE_ANSWER and share > labelled + UNLIKE_LABELS:
        concerns.append("one_answer")
    if pace is not None and pace < FAST:
        concerns.append("fast")
    return PersonWork(
        **{**vars(plain), "labelled": labelled, "concerns": tuple(concerns)},
    )


def _agreeing(found: Compared) -> dict[int, tuple[int, float | None]]:
    """By person: with how many answers of others theirs are compared, and the share that agrees."""
    answers = found.answers
    first, second = pairs_of(answers)
    both = np.concatenate([answers.person[first], answers.person[second]])
    same = np.tile(answers.value[first] == answers.value[second], 2)
    size = len(found.people)
    times = np.bincount(both, minlength=size)
    agreed = np.bincount(both, weights=same, minlength=size)
    return {
        person.id: (int(times[at]), float(agreed[at] / times[at]) if times[at] else None)
        for at, person in enumerate(found.people)
    }


def _pace(times: Sequence[float]) -> float | None:
    ordered = sorted(times)
    between = [b - a for a, b in pairwise(ordered) if b - a <= PAUSE]
    return median(between) if len(between) >= FEWEST else None


def _labels(collection_id: int, span: Span) -> dict[int, dict[str | None, int]]:
    """By person, the imported labels of the images that they judged."""
    rows = session().execute(
        select(Verdict.user_id, Image.label, func.count(Verdict.image_id.distinct()))
        .join(Image, Image.id == Verdict.image_id)
        .where(
            Image.collection_id == collection_id,
            Verdict.withdrawn_at.is_(None),
            Verdict.created_at >= span.midnight,
            Verdict.created_at < span.end,
        )
        .group_by(Verdict.user_id, Image.label)
    )
    found: defaultdict[int, dict[str | None, int]] = defaultdict(dict)
    for person_id, label, number in rows:
        found[person_id][label] = number
    return found
