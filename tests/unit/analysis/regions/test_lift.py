"""The lift of a pattern in errors, and where images tell nothing of it."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis.regions.lift import Lift, lifts


def lift(*counts: int) -> Lift | None:
    """With the pattern misclassified and correct, without it likewise."""
    return lifts(np.array([counts]))[0]


def test_lift_is_the_ratio_of_shares_with_an_interval_around_it() -> None:
    found = lift(15, 15, 5, 65)

    assert found is not None
    assert found.value == pytest.approx((15 / 20) / 0.3)
    assert 1 < found.low < found.value < found.high


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

    drawn = np.random.default_rng(0).multinomial(images, shares, size=3000)

    found = [each for each in lifts(drawn) if each]
    held = np.mean([each.low <= true <= each.high for each in found])
    assert held == pytest.approx(0.95, abs=0.03)
