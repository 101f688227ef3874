"""The lift of a pattern in errors, and where images tell nothing of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from workbench.analysis.groups import GroupSums, group_sums, single_images
from workbench.analysis.intervals import Estimate, Z
from workbench.analysis.regions.lift import lifts


def of_counts(counts: NDArray[np.int64]) -> list[Estimate | None]:
    """Each row: with the pattern misclassified and correct, without it likewise."""
    found = []
    for each in counts:
        sums = single_images(each[:2] + each[2:], each[None, :2])
        found += lifts(sums, [0], [1])
    return found


def lift(*counts: int) -> Estimate | None:
    return of_counts(np.array([counts]))[0]


def test_lift_is_the_ratio_of_shares_with_an_interval_around_it() -> None:
    found = lift(15, 15, 5, 65)

    assert found is not None
    assert found.value == pytest.approx((15 / 20) / 0.3)
    assert 1 < found.low < found.value < found.high


def test_of_single_images_the_interval_is_that_of_the_relative_risk() -> None:
    found = lift(15, 15, 5, 65)

    assert found is not None
    risk = np.log(15.5 / 20.5 / (15.5 / 80.5))
    reach = Z * np.sqrt(1 / 15.5 - 1 / 20.5 + 1 / 15.5 - 1 / 80.5)
    low, high = np.exp(risk - reach), np.exp(risk + reach)
    assert found.low == pytest.approx(low / (0.2 * low + 0.8))
    assert found.high == pytest.approx(high / (0.2 * high + 0.8))


@pytest.mark.parametrize(
    "counts",
    [
        (0, 3, 0, 7),  # no errors
        (3, 0, 7, 0),  # nothing but errors
        (1, 0, 0, 0),  # one image
        (0, 0, 3, 7),  # no image has it
        (3, 7, 0, 0),  # all have it
        (0, 0, 0, 0),
    ],
)
def test_there_is_no_lift_where_images_cannot_tell(counts: tuple[int, ...]) -> None:
    assert lift(*counts) is None


def test_a_pattern_that_no_error_has_is_not_known_to_a_lift_of_zero() -> None:
    few, many = lift(0, 10, 20, 170), lift(0, 100, 200, 1700)

    assert few is not None
    assert many is not None
    assert few.value == few.low == many.value == many.low == 0
    assert few.high > 1 > many.high > 0


def test_a_pattern_that_only_errors_have_is_as_far_up_as_it_can_be() -> None:
    found = lift(5, 0, 5, 90)

    assert found is not None
    assert found.value == found.high == pytest.approx(10)
    assert 1 < found.low < 10


@pytest.mark.parametrize(
    ("images", "errors", "in_errors", "in_right"),
    [(200, 0.2, 0.3, 0.1), (200, 0.1, 0.05, 0.05), (1000, 0.1, 0.02, 0.05), (40, 0.2, 0.1, 0.2)],
)
def test_the_interval_holds_the_true_lift_in_19_of_20_collections(
    images: int, errors: float, in_errors: float, in_right: float
) -> None:
    shares = np.array(
        [
            errors * in_errors,
            (1 - errors) * in_right,
            errors * (1 - in_errors),
            (1 - errors) * (1 - in_right),
        ]
    )
    true = in_errors / (shares[0] + shares[1])

    drawn = np.random.default_rng(0).multinomial(images, shares, size=1000)

    found = [each for each in of_counts(drawn) if each]
    held = np.mean([each.low <= true <= each.high for each in found])
    assert held == pytest.approx(0.95, abs=0.03)


def summed(
    group: NDArray[np.int64], wrong: NDArray[np.bool_], having: NDArray[np.bool_]
) -> GroupSums:
    """Right images are of kind 0, wrong ones of kind 1."""
    kind = wrong.astype(np.int64)
    return group_sums(group, kind, [(group[having], kind[having])], 2)


def of_groups(
    group: NDArray[np.int64], wrong: NDArray[np.bool_], having: NDArray[np.bool_]
) -> Estimate | None:
    return lifts(summed(group, wrong, having), [1], [0])[0]


def drawn(
    generator: np.random.Generator, groups: int, likeness: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Groups of 1 to 9 images; a fifth is wrong, of these 30% have the pattern, of others 10%.

    What an image has is decided in part (`likeness`) by its group.
    """
    group = np.repeat(np.arange(groups), generator.integers(1, 10, size=groups))

    def chance() -> NDArray[np.float64]:
        shared = np.sqrt(likeness) * generator.normal(size=groups)[group]
        return norm.cdf(shared + np.sqrt(1 - likeness) * generator.normal(size=len(group)))

    wrong = chance() < 0.2
    return group, wrong, chance() < np.where(wrong, 0.3, 0.1)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.booleans()), min_size=1, max_size=40)
)
def test_an_interval_has_a_width_and_holds_the_value(rows: list[tuple[int, bool, bool]]) -> None:
    found = of_groups(*(np.array(column) for column in zip(*rows, strict=True)))

    if found is not None:
        assert 0 <= found.low <= found.value <= found.high
        assert found.low < found.high


def test_where_each_image_is_a_group_the_interval_is_the_plain_one() -> None:
    _group, wrong, having = drawn(np.random.default_rng(0), 60, 0.5)
    single = np.random.default_rng(1).permutation(len(wrong)) + 5  # codes with a gap

    assert of_groups(single, wrong, having) == lift(
        *(int((has & is_wrong).sum()) for has in (having, ~having) for is_wrong in (wrong, ~wrong))
    )


def test_one_group_tells_no_lift_of_others() -> None:
    _group, wrong, having = drawn(np.random.default_rng(0), 60, 0.5)

    found = of_groups(np.zeros(len(wrong), np.int64), wrong, having)

    assert found is not None
    assert (found.low, found.high) == (0, pytest.approx(len(wrong) / wrong.sum()))


@pytest.mark.parametrize(("groups", "likeness"), [(100, 0.2), (100, 0.6), (300, 0.9)])
def test_the_interval_holds_the_true_lift_where_images_of_a_group_are_alike(
    groups: int, likeness: float
) -> None:
    generator = np.random.default_rng(4)
    true = 0.3 / (0.2 * 0.3 + 0.8 * 0.1)

    found = [of_groups(*drawn(generator, groups, likeness)) for _ in range(500)]

    held = np.mean([each.low <= true <= each.high for each in found if each])
    assert held == pytest.approx(0.95, abs=0.035)


def test_the_interval_is_as_wide_as_that_of_a_bootstrap_over_groups() -> None:
    generator = np.random.default_rng(5)
    group, wrong, having = drawn(generator, 400, 0.7)
    count = {
        name: np.bincount(group, weights=each, minlength=400)
        for name, each in (("all", np.ones(len(group))), ("wrong", wrong), ("having", having))
    } | {"both": np.bincount(group, weights=wrong & having, minlength=400)}
    rows = generator.integers(400, size=(4000, 400))
    totals = {name: each[rows].sum(axis=1) for name, each in count.items()}
    resampled = totals["both"] / totals["wrong"] / (totals["having"] / totals["all"])
    low, high = np.percentile(resampled, [2.5, 97.5])

    found = of_groups(group, wrong, having)
    assert found is not None
    assert np.log(found.high / found.low) == pytest.approx(np.log(high / low), rel=0.15)
    assert (found.low, found.high) == pytest.approx((low, high), rel=0.12)
