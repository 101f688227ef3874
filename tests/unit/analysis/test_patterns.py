"""Patterns are found where groups act alike, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from workbench.analysis.patterns import UNCLUSTERED, cluster_groups, lift, typicality


def planted_groups(per_kind: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Groups of four kinds, each on a dimension of its own; the last kind pushes toward real."""
    generator = np.random.default_rng(3)
    kinds = np.repeat(np.arange(4), per_kind)
    by_dimension = generator.normal(scale=0.03, size=(len(kinds), 8))
    by_dimension[np.arange(len(kinds)), kinds] += np.where(kinds == 3, -1.0, 1.0 + 0.2 * kinds)
    return by_dimension, kinds


def test_planted_kinds_are_found_as_patterns() -> None:
    by_dimension, kinds = planted_groups()

    numbers = cluster_groups(by_dimension, seed=0)

    assert adjusted_mutual_info_score(kinds, numbers) > 0.9


def test_patterns_are_numbered_from_the_strongest_down() -> None:
    by_dimension, _kinds = planted_groups()
    numbers = cluster_groups(by_dimension, seed=0)
    contribution = by_dimension.sum(axis=1)

    strengths = [abs(contribution[numbers == number].mean()) for number in range(numbers.max() + 1)]

    assert strengths == sorted(strengths, reverse=True)


def test_no_pattern_holds_groups_of_both_signs() -> None:
    by_dimension, _kinds = planted_groups()
    numbers = cluster_groups(by_dimension, seed=0)

    for number in range(numbers.max() + 1):
        assert len(set(np.sign(by_dimension[numbers == number].sum(axis=1)))) == 1


def test_the_same_groups_and_seed_give_the_same_patterns() -> None:
    by_dimension, _kinds = planted_groups(20)

    assert (cluster_groups(by_dimension, seed=1) == cluster_groups(by_dimension, seed=1)).all()


def test_a_handful_of_groups_makes_no_pattern() -> None:
    assert (cluster_groups(np.eye(5), seed=0) == UNCLUSTERED).all()


def test_no_groups_make_no_patterns() -> None:
    assert len(cluster_groups(np.empty((0, 8)), seed=0)) == 0


def test_groups_all_alike_are_one_pattern() -> None:
    assert set(cluster_groups(np.tile([1.0, 0.5], (40, 1)), seed=0)) == {0}


def test_the_medoid_has_typicality_zero_and_opposites_are_far() -> None:
    distances = typicality(np.array([[1.0, 0.0], [1.0, 0.1], [1.0, -0.1], [-1.0, 0.0]]))

    assert distances.min() == 0
    assert distances.argmax() == 3
    assert distances[3] == pytest.approx(2.0)


def test_lift_is_the_ratio_of_shares_with_an_interval_around_it() -> None:
    has_pattern = np.array([True] * 30 + [False] * 70)
    wrong = np.array([True] * 15 + [False] * 15 + [True] * 5 + [False] * 65)

    found = lift(has_pattern, wrong, seed=0)

    assert found.value == pytest.approx((15 / 20) / 0.3)
    assert found.low < found.value < found.high
    assert found.low > 1


def test_lift_knows_nothing_where_nothing_is_wrong() -> None:
    found = lift(np.array([True, False]), np.array([False, False]), seed=0)

    assert (found.value, found.low, found.high) == (1.0, 0.0, 99.0)
