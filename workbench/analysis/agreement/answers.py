"""What people said of units, and the sums that every figure of agreement is made from.

Raw agreement, kappa, alpha and AC1 are all functions of sums over units, so that a resample of
the units needs nothing but the same sums with other weights (ADR 65).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray
from scipy.sparse import coo_array, csr_array


@dataclass(frozen=True)
class Answers:
    """One answer of a person on a unit in each row; who said nothing of a unit has no row of it.

    unit, person: codes from 0 on. value: which answer, below `categories`, the number of answers
    that one can give, whether anybody gave them or not. group: of each unit by its code; units of
    one group are not independent.
    """

    unit: Int[ndarray, " answer"]
    person: Int[ndarray, " answer"]
    value: Int[ndarray, " answer"]
    group: Int[ndarray, " unit"]
    categories: int

    @property
    def per_unit(self) -> Int[ndarray, " unit"]:
        """How many people answered on each unit."""
        return np.bincount(self.unit, minlength=len(self.group))

    def of(self, chosen: Bool[ndarray, " answer"]) -> Answers:
        """Some of the answers; units that have none of them stay, without answers."""
        return Answers(
            self.unit[chosen],
            self.person[chosen],
            self.value[chosen],
            self.group,
            self.categories,
        )

    def of_pair(self, first: int, second: int) -> Answers:
        """The answers of two people on the units that both answered on."""
        own = self.of((self.person == first) | (self.person == second))
        return own.of(own.per_unit[own.unit] == 2)

    def splitting(self) -> Int[ndarray, " split"]:
        """The units on which people gave more than one answer, ascending."""
        size = len(self.group)
        lowest, highest = np.full(size, self.categories), np.full(size, -1)
        np.minimum.at(lowest, self.unit, self.value)
        np.maximum.at(highest, self.unit, self.value)
        return np.flatnonzero(lowest < highest)


def pairs_of(
    answers: Answers,
) -> tuple[Int[ndarray, " pair"], Int[ndarray, " pair"]]:
    """Every two answers on one unit, as indexes of answers; that of the lower person first."""
    order = np.lexsort((answers.person, answers.unit))
    unit = answers.unit[order]
    found: list[tuple[ndarray, ndarray]] = []
    for apart in range(1, int(answers.per_unit.max(initial=0))):
        at = np.flatnonzero(unit[apart:] == unit[:-apart])
        found.append((order[at], order[at + apart]))
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first, second = zip(*found, strict=True)
    return np.concatenate(first), np.concatenate(second)


@dataclass(frozen=True)
class Sums:
    """Sums over the units of each group, a row a group that has answers.

    Columns: units with two answers or more; their agreement, each from 0 to 1; the shares of the
    answers on each unit, one column an answer; coincidences of answers, one column two answers;
    then a contingency table of every two people who answered on some unit together.
    """

    table: csr_array
    categories: int


def sums_by_group(answers: Answers) -> Sums:
    """Add up what the figures need, by group. Sparse: nobody answers with everybody."""
    categories, units = answers.categories, len(answers.group)
    counts = np.bincount(answers.unit * categories + answers.value, minlength=units * categories)
    counts = counts.reshape(units, categories).astype(np.float64)
    given = counts.sum(axis=1)
    rated, paired = np.flatnonzero(given), np.flatnonzero(given >= 2)
    of_paired, size = counts[paired], given[paired, None]
    agreeing = (of_paired * (of_paired - 1)).sum(axis=1) / (size * (size - 1))[:, 0]
    # Krippendorff 2011: each unit's pairs of answers, divided by one less than its answers.
    both = of_paired[:, :, None] * of_paired[:, None, :] - of_paired[:, :, None] * np.eye(
        categories
    )
    coincidences = (both / (size - 1)[:, :, None]).reshape(len(paired), categories**2)
    first, second = pairs_of(answers)
    everybody = int(answers.person.max(initial=-1)) + 1
    people, pair = np.unique(
        answers.person[first] * everybody + answers.person[second], return_inverse=True
    )
    of_pairs = 2 + categories + categories**2
    cell = answers.value[first] * categories + answers.value[second]
    parts = [
        (paired, 0, np.ones((len(paired), 1))),
        (paired, 1, agreeing[:, None]),
        (rated, 2, counts[rated] / given[rated, None]),
        (paired, 2 + categories, coincidences),
    ]
    rows = [np.repeat(at, values.shape[1]) for at, _column, values in parts]
    columns = [np.tile(np.arange(v.shape[1]) + c, len(at)) for at, c, v in parts]
    rows.append(answers.unit[first])
    columns.append(of_pairs + pair * categories**2 + cell)
    values = [*(each.ravel() for _at, _column, each in parts), np.ones(len(first))]
    groups, row = np.unique(answers.group[np.concatenate(rows)], return_inverse=True)
    table = coo_array(
        (np.concatenate(values), (row.reshape(-1), np.concatenate(columns))),
        shape=(len(groups), of_pairs + len(people) * categories**2),
    ).tocsr()
    table.sum_duplicates()
    return Sums(table, categories)
