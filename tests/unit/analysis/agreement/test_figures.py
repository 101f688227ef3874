from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from workbench.analysis.agreement.answers import Answers
from workbench.analysis.agreement.figures import Agreement, Figure, agreement

FOUR_OBSERVERS = ("1233214 12...", "12332241 25.3", ".3332342 251.", "12332441 251.")
"""Example C of Krippendorff 2011, with its missing answers; also that of Gwet 2014, chapter 2."""
FIGURES = ("raw", "kappa", "alpha", "ac1")


def answers_of(*rows: str, categories: int | None = None) -> Answers:
    """A row a person, a character a unit, "." for no answer."""
    rows = tuple(each.replace(" ", "") for each in rows)
    values = sorted(set("".join(rows)) - {"."})
    said = [
        (unit, person, values.index(value))
        for person, row in enumerate(rows)
        for unit, value in enumerate(row)
        if value != "."
    ]
    unit, person, value = np.array(said).T
    return Answers(unit, person, value, np.arange(len(rows[0])), categories or len(values))


def random_answers(
    rng: np.random.Generator, units: int, people: int, chances: list[float], share: float = 1.0
) -> Answers:
    """Everybody answers on a share of the units, each by chance."""
    unit, person = np.divmod(np.flatnonzero(rng.random(units * people) < share), people)
    value = rng.choice(len(chances), len(unit), p=chances)
    return Answers(unit, person, value, np.arange(units), len(chances))


def from_table(both: int, first: int, second: int, neither: int) -> Answers:
    """Two people who say yes or no, by how often who said yes."""
    said = [(1, 1)] * both + [(1, 0)] * first + [(0, 1)] * second + [(0, 0)] * neither
    unit = np.repeat(np.arange(len(said)), 2)
    person = np.tile([0, 1], len(said))
    return Answers(unit, person, np.array(said).ravel(), np.arange(len(said)), 2)


def values(found: Agreement) -> list[float | None]:
    return [getattr(found, name).value for name in FIGURES]


def test_alpha_is_that_of_krippendorffs_published_examples() -> None:
    binary = agreement(answers_of("0100000010", "1110010000"))
    nominal = agreement(answers_of("aabbdcccedda", "babbbccceddd"))
    missing = agreement(answers_of(*FOUR_OBSERVERS))

    assert binary.alpha.value == pytest.approx(0.095, abs=5e-4)
    assert nominal.alpha.value == pytest.approx(0.692, abs=5e-4)
    assert missing.alpha.value == pytest.approx(0.743, abs=5e-4)


def test_ac1_and_raw_agreement_are_those_that_gwet_published() -> None:
    found = agreement(answers_of(*FOUR_OBSERVERS))

    assert found.raw.value == pytest.approx(0.81818, abs=5e-6)
    assert found.ac1.value == pytest.approx(0.77544, abs=5e-6)


def test_kappa_collapses_at_extreme_prevalence_where_ac1_does_not() -> None:
    # The tables of Feinstein and Cicchetti 1990, and that of Gwet 2008.
    balanced, skewed = agreement(from_table(40, 9, 6, 45)), agreement(from_table(80, 10, 5, 5))
    extreme = agreement(from_table(118, 5, 2, 0))

    assert balanced.raw.value == skewed.raw.value == pytest.approx(0.85)
    assert balanced.kappa.value == pytest.approx(0.70, abs=5e-3)
    assert skewed.kappa.value == pytest.approx(0.32, abs=5e-3)
    assert skewed.ac1.value == pytest.approx(0.81, abs=5e-3)
    assert extreme.kappa.value == pytest.approx(-0.0234, abs=5e-5)
    assert extreme.ac1.value == pytest.approx(0.9408, abs=5e-5)


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(2, 4))
def test_alpha_is_the_librarys_on_random_answers_with_gaps(
    seed: int, people: int, categories: int
) -> None:
    rng = np.random.default_rng(seed)
    answers = random_answers(rng, 40, people, [1 / categories] * categories, share=0.7)
    counts = np.zeros((40, categories), int)
    np.add.at(counts, (answers.unit, answers.value), 1)

    expected = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")

    assert agreement(answers).alpha.value == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_kappa_is_the_librarys_for_two_people_and_its_mean_for_more(
    seed: int, categories: int
) -> None:
    rng = np.random.default_rng(seed)
    answers = random_answers(rng, 30, 3, [1 / categories] * categories)
    table = answers.value.reshape(30, 3)

    of_pairs = [cohen_kappa_score(table[:, a], table[:, b]) for a, b in ((0, 1), (0, 2), (1, 2))]

    assert agreement(answers.of_pair(0, 2)).kappa.value == pytest.approx(of_pairs[1])
    assert agreement(answers).kappa.value == pytest.approx(np.mean(of_pairs))


@given(st.integers(0, 2**32 - 1))
def test_no_figure_depends_on_who_is_called_what_or_on_the_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    answers = random_answers(rng, 30, 4, [0.5, 0.3, 0.2], share=0.8)
    order = rng.permutation(len(answers.unit))
    people, units, named = rng.permutation(4), rng.permutation(30), rng.permutation(3)
    renamed = Answers(
        units[answers.unit[order]],
        people[answers.person[order]],
        named[answers.value[order]],
        answers.group,
        3,
    )

    assert values(agreement(renamed)) == pytest.approx(values(agreement(answers)))


def test_people_who_always_agree_have_a_figure_of_one_and_no_interval() -> None:
    found = agreement(answers_of("0110100101", "0110100101"))

    assert values(found) == [1.0] * 4
    assert found.alpha == Figure(1.0)
    assert found.splits == 0


def test_a_person_who_answers_at_random_agrees_by_chance_alone() -> None:
    found = agreement(random_answers(np.random.default_rng(5), 4_000, 2, [0.7, 0.3]))

    assert found.alpha.value == pytest.approx(0.0, abs=0.05)
    assert found.kappa.value == pytest.approx(0.0, abs=0.05)
    assert found.alpha.low < 0 < found.alpha.high


def test_kappa_and_alpha_are_undefined_where_all_gave_the_same_answer() -> None:
    found = agreement(answers_of("000000000000", "000000000000", categories=2))

    assert values(found) == [1.0, None, None, 1.0]


def test_nothing_compared_has_no_figure() -> None:
    found = agreement(answers_of("01..", "..10"))

    assert values(found) == [None] * 4
    assert (found.units, found.answers, found.people) == (0, 4, 2)
    nobody = np.empty(0, np.int64)
    assert values(agreement(Answers(nobody, nobody, nobody, nobody, 2))) == [None] * 4


def test_few_images_have_a_figure_and_no_interval() -> None:
    found = agreement(answers_of("01101", "01100"))

    assert found.raw == Figure(0.8)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    # Two people agree on 80% of the units: 1 if the second follows the first.
    rng = np.random.default_rng(3)
    held = 0
    for _time in range(200):
        first = rng.random(150) < 0.5
        second = np.where(rng.random(150) < 0.8, first, ~first)
        pair = np.stack([first, second], axis=1).astype(np.int64)
        answers = Answers(
            np.repeat(np.arange(150), 2),
            np.tile([0, 1], 150),
            pair.ravel(),
            np.arange(150),
            2,
        )
        found = agreement(answers, seed=_time).alpha
        held += found.low <= 0.6 <= found.high

    assert 180 <= held <= 200


def test_images_of_one_group_count_as_one_in_the_interval() -> None:
    rng = np.random.default_rng(4)
    groups = np.arange(40)
    single = rng.integers(0, 2, (40, 2))
    apart = Answers(np.repeat(groups, 2), np.tile([0, 1], 40), single.ravel(), groups, 2)
    tenfold = Answers(
        np.repeat(np.arange(400), 2),
        np.tile([0, 1], 400),
        np.repeat(single, 10, axis=0).ravel(),
        np.repeat(groups, 10),
        2,
    )

    one, ten = agreement(apart), agreement(tenfold)

    assert ten.raw.value == one.raw.value
    assert ten.raw.high - ten.raw.low == pytest.approx(one.raw.high - one.raw.low, abs=0.05)


def test_resampling_is_the_same_each_time() -> None:
    answers = random_answers(np.random.default_rng(6), 60, 3, [0.6, 0.4])

    assert agreement(answers) == agreement(answers)


def test_units_that_split_people_are_those_with_two_answers() -> None:
    answers = answers_of("01.0", "0010", "0.1.")

    assert answers.splitting().tolist() == [1]
