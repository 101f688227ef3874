"""Patterns are found where groups act alike, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.preprocessing import normalize

from workbench.analysis.regions import patterns
from workbench.analysis.regions.patterns import (
    UNCLUSTERED,
    cluster_groups,
    effect_agreement,
    medoid_distance,
    stability,
)


def planted_groups(per_kind: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Groups of four kinds, each on a dimension of its own; the last kind pushes toward real."""
    generator = np.random.default_rng(3)
    kinds = np.repeat(np.arange(4), per_kind)
    by_dimension = generator.normal(scale=0.03, size=(len(kinds), 8))
    by_dimension[np.arange(len(kinds)), kinds] += np.where(kinds == 3, -1.0, 1.0 + 0.2 * kinds)
    return by_dimension, kinds


def clustered(by_dimension: np.ndarray, *, seed: int) -> np.ndarray:
    """Groups, each of an image of its own, whose evidence is their profile over the dimensions."""
    images = np.arange(len(by_dimension))
    return cluster_groups(normalize(by_dimension), by_dimension.sum(axis=1), images, seed=seed)


def test_planted_kinds_are_found_as_patterns() -> None:
    by_dimension, kinds = planted_groups()

    numbers = clustered(by_dimension, seed=0)

    assert adjusted_mutual_info_score(kinds, numbers) > 0.9


def test_what_is_like_no_centre_is_in_no_pattern() -> None:
    by_dimension, kinds = (each[:180] for each in planted_groups())
    odd = np.zeros((3, 8))
    odd[:, 7] = 0.1

    numbers = clustered(np.concatenate([by_dimension, odd]), seed=0)

    assert set(numbers[180:]) == {UNCLUSTERED}
    assert adjusted_mutual_info_score(kinds, numbers[:180]) > 0.9


def test_one_kind_is_not_cut_into_as_many_parts_as_could_be() -> None:
    generator = np.random.default_rng(1)
    centres = np.eye(12)[:6]
    direction = normalize(np.repeat(centres, 80, axis=0) + generator.normal(0, 0.05, (480, 12)))

    numbers = cluster_groups(direction, np.ones(480), np.arange(480), seed=0)

    # 480 groups would be enough for 25 patterns.
    assert numbers.max() + 1 == 6


def test_more_groups_than_centres_are_fitted_to_all_join_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_dimension, kinds = planted_groups()
    monkeypatch.setattr(patterns, "MOST_FITTED", 60)

    numbers = clustered(by_dimension, seed=0)

    assert adjusted_mutual_info_score(kinds, numbers) > 0.9


def test_patterns_are_numbered_from_the_strongest_down() -> None:
    by_dimension, _kinds = planted_groups()
    numbers = clustered(by_dimension, seed=0)
    contribution = by_dimension.sum(axis=1)

    strengths = [abs(contribution[numbers == number].mean()) for number in range(numbers.max() + 1)]

    assert strengths == sorted(strengths, reverse=True)


def test_no_pattern_holds_groups_of_both_signs() -> None:
    by_dimension, _kinds = planted_groups()
    numbers = clustered(by_dimension, seed=0)

    for number in range(numbers.max() + 1):
        assert len(set(np.sign(by_dimension[numbers == number].sum(axis=1)))) == 1


def test_the_same_groups_and_seed_give_the_same_patterns() -> None:
    by_dimension, _kinds = planted_groups(20)

    assert (clustered(by_dimension, seed=1) == clustered(by_dimension, seed=1)).all()


def test_a_handful_of_groups_makes_no_pattern() -> None:
    assert (clustered(np.eye(5), seed=0) == UNCLUSTERED).all()


def test_no_groups_make_no_patterns() -> None:
    assert len(cluster_groups(np.empty((0, 8)), np.empty(0), np.empty(0, int), seed=0)) == 0


def test_groups_all_alike_are_one_pattern() -> None:
    assert set(clustered(np.tile([1.0, 0.5], (40, 1)), seed=0)) == {0}


def test_the_medoid_has_typicality_zero_and_opposites_are_far() -> None:
    distances = medoid_distance(np.array([[1.0, 0.0], [1.0, 0.1], [1.0, -0.1], [-1.0, 0.0]]))

    assert distances.min() == 0
    assert distances.argmax() == 3
    assert distances[3] == pytest.approx(2.0)


@pytest.fixture
def by_largest(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A clustering by each group's largest dimension, at once; the sizes that it was given."""
    given: list[int] = []

    def cluster(direction: np.ndarray, count: int, seed: int) -> np.ndarray:
        given.append(len(direction))
        return direction.argmax(axis=1)

    monkeypatch.setattr(patterns, "_resampled", cluster)
    return given


def test_patterns_that_are_found_again_in_every_resample_are_stable() -> None:
    by_dimension, _kinds = planted_groups(20)
    numbers = clustered(by_dimension, seed=0)

    found = stability(
        normalize(by_dimension),
        by_dimension.sum(axis=1),
        numbers,
        np.arange(len(numbers)) // 2,
        seed=0,
    )

    assert found.adjusted_rand is not None
    assert found.adjusted_rand > 0.9
    assert found.by_pattern.keys() == set(range(numbers.max() + 1))
    assert all(each > 0.75 for each in found.by_pattern.values())


def test_patterns_that_no_resample_finds_are_not_stable(by_largest: list[int]) -> None:
    generator = np.random.default_rng(0)
    by_dimension = generator.random((400, 4))
    numbers = generator.integers(4, size=400)

    found = stability(
        normalize(by_dimension), by_dimension.sum(axis=1), numbers, np.arange(400), seed=0
    )

    assert found.adjusted_rand == pytest.approx(0.0, abs=0.05)
    assert all(each < 0.3 for each in found.by_pattern.values())


def test_a_patterns_stability_is_the_mean_best_jaccard_over_the_resamples(
    by_largest: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "RESAMPLED_SHARE", 1.0)
    by_dimension = np.eye(3)[[0, 0, 0, 0, 1, 1, 2, 2]]
    numbers = np.array([0, 0, 0, 1, 1, 1, UNCLUSTERED, UNCLUSTERED])

    found = stability(
        normalize(by_dimension), by_dimension.sum(axis=1), numbers, np.arange(8), seed=0
    )

    # Pattern 0 is three of a cluster of four; pattern 1 has one of that and a cluster of two.
    assert found.by_pattern == {0: pytest.approx(3 / 4), 1: pytest.approx(2 / 3)}


def test_a_resample_takes_whole_images_and_not_too_many_groups(
    by_largest: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = np.repeat(np.arange(50), 4)
    numbers = np.zeros(200, int)
    stability(np.ones((200, 2)), np.ones(200), numbers, images, seed=0)
    monkeypatch.setattr(patterns, "MOST_RESAMPLED", 30)
    stability(np.ones((200, 2)), np.ones(200), numbers, images, seed=0)

    assert by_largest == [160] * 5 + [28] * 5


def test_without_patterns_there_is_no_stability() -> None:
    found = stability(np.ones((5, 2)), np.ones(5), np.full(5, UNCLUSTERED), np.arange(5), seed=0)

    assert (found.adjusted_rand, found.by_pattern) == (None, {})


def test_effects_agree_where_removing_lowers_what_is_said_to_raise() -> None:
    contribution = np.array([2.0, 1.0, -0.5, -1.0])

    assert effect_agreement(contribution, np.array([-3.0, -1.0, 0.1, 4.0])) == pytest.approx(1.0)
    assert effect_agreement(contribution, np.array([3.0, 1.0, -0.1, -4.0])) == pytest.approx(-1.0)
    assert effect_agreement(contribution[:2], np.array([-3.0, -1.0])) is None
    assert effect_agreement(contribution, np.zeros(4)) is None
