"""AUC is held to scikit-learn, its interval to a slow bootstrap and to what it is to cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from workbench.analysis import metrics
from workbench.analysis.intervals import Estimate
from workbench.analysis.metrics import accuracy, auc, auc_with_interval


def slowly_stratified(fake: NDArray[np.bool_], score: NDArray[np.float64]) -> tuple[float, float]:
    """The bootstrap within each label, image by image."""
    generator = np.random.default_rng(1)
    fakes, reals = np.flatnonzero(fake), np.flatnonzero(~fake)
    drawn = []
    for _ in range(5000):
        chosen = np.concatenate(
            [generator.choice(fakes, len(fakes)), generator.choice(reals, len(reals))]
        )
        drawn.append(auc(fake[chosen], score[chosen]))
    low, high = np.percentile(np.array(drawn, dtype=float), [2.5, 97.5])
    return float(low), float(high)


def measured(
    fake: NDArray[np.bool_], score: NDArray[np.float64], group: NDArray[np.int64]
) -> Estimate:
    found = auc_with_interval(fake, score, group, seed=0)
    assert found is not None
    return found


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=60).filter(
        lambda rows: len({fake for fake, _score in rows}) == 2
    )
)
def test_auc_agrees_with_scikit_learn_ties_included(rows: list[tuple[bool, int]]) -> None:
    fake = np.array([row[0] for row in rows])
    score = np.array([row[1] for row in rows], dtype=float)

    assert auc(fake, score) == pytest.approx(roc_auc_score(fake, score))


def test_auc_of_one_label_alone_is_unknown() -> None:
    assert auc(np.array([True, True]), np.array([0.1, 0.2])) is None
    none = np.array([], dtype=bool)
    assert auc_with_interval(none, np.array([]), np.array([], dtype=int), seed=0) is None


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(-2, 2), st.integers(0, 5)), min_size=2, max_size=40
    ).filter(lambda rows: len({fake for fake, _score, _group in rows}) == 2)
)
def test_the_interval_has_a_width_and_holds_the_value(rows: list[tuple[bool, int, int]]) -> None:
    fake = np.array([row[0] for row in rows])
    score = np.array([row[1] for row in rows], dtype=float)

    found = measured(fake, score, np.array([row[2] for row in rows]))

    assert 0.0 <= found.low <= found.value <= found.high <= 1.0
    assert found.low < found.high
    assert found.value == pytest.approx(auc(fake, score))


@pytest.mark.parametrize("count", [30, 300])
def test_of_single_images_the_interval_is_that_of_the_bootstrap_within_each_label(
    count: int,
) -> None:
    generator = np.random.default_rng(count)
    fake = np.arange(count) % 3 == 0
    score = np.round(fake + generator.normal(size=count), 1)  # with ties

    found = measured(fake, score, generator.permutation(count))

    assert (found.low, found.high) == pytest.approx(slowly_stratified(fake, score), abs=0.015)


def test_images_copied_within_their_groups_tell_no_more() -> None:
    generator = np.random.default_rng(0)
    fake = np.arange(60) % 2 == 0
    score = fake + generator.normal(size=60)
    once = measured(fake, score, np.arange(60))

    copied = measured(np.repeat(fake, 9), np.repeat(score, 9), np.repeat(np.arange(60), 9))

    assert copied == once


@pytest.mark.parametrize("mixed", [False, True], ids=["one label a group", "both labels"])
def test_the_interval_covers_the_true_auc_of_grouped_images(
    mixed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "RESAMPLES", 300)
    generator = np.random.default_rng(2)
    group = np.repeat(np.arange(60), 8)
    fake = np.arange(480) % 2 == 0 if mixed else group % 2 == 0
    # Images of a group share three quarters of their variance; a pair is of one group or of two.
    among = norm.cdf(1 / np.sqrt(2))
    within = norm.cdf(1 / np.sqrt(2 * 0.25))
    true = (59 * among + within) / 60 if mixed else among

    def covered() -> bool:
        shared = np.sqrt(0.75) * generator.normal(size=60)[group]
        score = fake + shared + np.sqrt(0.25) * generator.normal(size=480)
        found = measured(fake, score, group)
        return found.low <= true <= found.high

    assert np.mean([covered() for _ in range(150)]) > 0.89


def test_the_width_is_that_of_theory_where_images_are_many() -> None:
    generator = np.random.default_rng(0)
    fake = np.arange(20_000) % 2 == 0

    found = measured(fake, fake + generator.normal(size=20_000), np.arange(20_000))

    # Hanley and McNeil's standard error, which is that of exponential scores.
    first, second = found.value / (2 - found.value), 2 * found.value**2 / (1 + found.value)
    error = np.sqrt((first + second - 2 * found.value**2) / 10_000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_a_perfect_separation_of_few_images_is_not_certain() -> None:
    fake = np.arange(20) % 2 == 0

    few = measured(fake, fake.astype(float), np.arange(20))
    many = measured(np.tile(fake, 50), np.tile(fake, 50).astype(float), np.arange(1000))

    assert (few.value, few.high) == (1.0, 1.0)
    assert few.low < 0.9 < many.low < 1.0


def test_fakes_of_a_single_source_tell_little_of_other_fakes() -> None:
    generator = np.random.default_rng(0)
    fake = np.arange(400) < 200
    group = np.where(fake, 0, np.arange(400))

    found = measured(fake, fake + generator.normal(size=400), group)

    assert found.high - found.low > 0.5


def test_accuracy_calls_logits_above_zero_fake() -> None:
    fake, score = np.array([True, False, True]), np.array([0.5, -1.0, 0.0])

    found = accuracy(fake, score, np.arange(3))

    assert found is not None
    assert found.value == pytest.approx(2 / 3)
    assert 0 < found.low < 2 / 3 < found.high < 1
    none = np.array([], dtype=bool)
    assert accuracy(none, np.array([]), np.array([], dtype=int)) is None


def test_accuracy_of_whole_groups_is_less_sure_than_of_single_images() -> None:
    score = np.ones(100)
    fake = np.repeat(np.arange(10) < 7, 10)

    single, grouped = (
        accuracy(fake, score, group) for group in (np.arange(100), np.arange(100) // 10)
    )

    assert single is not None
    assert grouped is not None
    assert single.value == grouped.value == pytest.approx(0.7)
    assert grouped.high - grouped.low > 2.5 * (single.high - single.low)
