"""Calibrated scores say how often they are right, and how far they are off is measured."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from workbench.analysis.cross_fitting.calibration import (
    Calibration,
    calibration_of,
    counted_together,
    expected_calibration_error,
)


def drawn(count: int = 20_000) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Logits, and labels that are fake as often as these say."""
    random = np.random.default_rng(0)
    logit = random.normal(scale=2.0, size=count)
    return logit, random.random(count) < expit(logit)


def test_a_score_that_is_three_times_too_sure_is_brought_back() -> None:
    logit, fake = drawn()
    found = calibration_of(3 * logit, fake, np.ones(len(fake)))

    assert found.slope == pytest.approx(1 / 3, rel=0.05)
    assert found.threshold == pytest.approx(0, abs=0.2)


def test_a_shifted_score_turns_where_the_shift_is() -> None:
    logit, fake = drawn()
    found = calibration_of(logit + 1.5, fake, np.ones(len(fake)))

    assert (found.slope, found.threshold) == pytest.approx((1, 1.5), abs=0.1)


def test_a_score_that_misleads_is_ignored_and_not_turned_round() -> None:
    logit, fake = drawn()

    assert calibration_of(-logit, fake, np.ones(len(fake))) == Calibration(0.0, 0.0)


def test_scores_that_are_all_the_same_stay_finite() -> None:
    found = calibration_of(np.zeros(4), np.array([True, False, True, False]), np.ones(4))

    assert np.isfinite([found.slope, found.threshold]).all()


def test_scores_all_on_their_side_stay_finite() -> None:
    score, fake = np.array([-1.0, -2.0, 1.0, 2.0]), np.array([False, False, True, True])

    assert 0 < calibration_of(score, fake, np.ones(4)).slope < 10


def test_weightless_images_say_nothing() -> None:
    logit, fake = drawn()
    lies = np.concatenate([fake, ~fake])
    weight = np.concatenate([np.ones(len(fake)), np.zeros(len(fake))])

    twice = calibration_of(np.concatenate([logit, logit]), lies, weight)
    once = calibration_of(logit, fake, np.ones(len(fake)))
    assert twice.slope == pytest.approx(once.slope, rel=1e-3)
    assert twice.threshold == pytest.approx(once.threshold, abs=1e-3)


def test_the_error_is_the_mean_gap_of_the_bins() -> None:
    p = np.array([0.25, 0.25, 0.85, 0.85])
    fake = np.array([True, False, True, True])

    # Bin 0.2 to 0.3: a share of 0.5 against 0.25. Bin 0.8 to 0.9: of 1 against 0.85.
    assert expected_calibration_error(p, fake) == pytest.approx((0.25 + 0.15) / 2)


def test_a_calibrated_score_has_next_to_no_error_and_certainty_fits_a_bin() -> None:
    logit, fake = drawn()

    error = expected_calibration_error(expit(logit), fake)
    assert error is not None
    assert error < 0.01
    assert expected_calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0


def test_no_images_have_no_error() -> None:
    assert expected_calibration_error(np.empty(0), np.empty(0, bool)) is None


def test_several_scores_count_as_much_as_each_adds_to_the_others() -> None:
    random = np.random.default_rng(1)
    one, other, useless = random.normal(size=(3, 20_000))
    fake = random.random(20_000) < expit(2 * one + 0.5 * other)

    factors = counted_together(
        np.stack([one, 10 * other, useless], axis=1), fake, np.ones(len(fake))
    )

    assert factors[:2] == pytest.approx([2, 0.05], rel=0.1)
    assert 0 <= factors[2] < 0.05


def test_of_two_scores_one_that_misleads_counts_nothing() -> None:
    logit, fake = drawn()

    factors = counted_together(np.stack([logit, -logit], axis=1), fake, np.ones(len(fake)))

    assert factors == pytest.approx([1, 0], abs=0.05)
