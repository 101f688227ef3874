"""Weights of dimensions: positive, near what was known, and the best there are."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from workbench.analysis.cross_fitting.calibration import platt_targets
from workbench.analysis.distiller.concept_weights import SPREAD, weigh


def dimensions(
    count: int = 200, *, seed: int = 0, strength: tuple[float, ...] = (1.0, 1.0, 1.0)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dimensions in logits, of which `strength` times each tells the label; even weights."""
    random = np.random.default_rng(seed)
    z = random.normal(size=(count, len(strength)))
    p = 1 / (1 + np.exp(-z @ np.array(strength)))
    return z, random.random(count) < p, np.ones(count)


def slow_loss(
    parameters: np.ndarray, z: np.ndarray, fake: np.ndarray, weight: np.ndarray, prior: np.ndarray
) -> float:
    """Cross-entropy with Platt's targets, image by image, and the prior of each log weight."""
    *log_weights, bias = parameters
    total = sum((a - b) ** 2 for a, b in zip(log_weights, prior, strict=True)) / 2 / SPREAD**2
    for row, target, counted in zip(z, platt_targets(fake, weight), weight, strict=True):
        logit = bias + sum(exp(w) * each for w, each in zip(log_weights, row, strict=True))
        p = 1 / (1 + exp(-logit))
        total -= counted * (target * log(p) + (1 - target) * log(1 - p))
    return float(total)


@pytest.mark.parametrize("known", [None, np.array([0.4, -0.2, 0.0])])
def test_the_loss_has_its_minimum_there(known: np.ndarray | None) -> None:
    z, fake, _ = dimensions(strength=(1.5, 0.5, 1.0))
    weight = np.random.default_rng(1).random(len(z)) + 0.5
    prior = np.zeros(3) if known is None else known

    found = weigh(z, fake, weight, known=known)

    at = np.append(found.log_weight, found.bias)
    slope = approx_fprime(at, slow_loss, 1e-6, z, fake, weight, prior)
    start = approx_fprime(np.append(prior, 0.0), slow_loss, 1e-6, z, fake, weight, prior)
    assert np.abs(slope).max() < 0.02
    assert np.abs(start).max() > 1


def test_what_tells_more_than_it_says_counts_more() -> None:
    found = weigh(*dimensions(2000, strength=(2.0, 0.4, 1.0)))

    weights = np.exp(found.log_weight)
    assert weights[0] > 1.5
    assert weights[1] < 0.6
    assert weights[2] == pytest.approx(1, abs=0.2)


@settings(max_examples=25)
@given(seed=st.integers(0, 999), size=st.floats(0.01, 30), turned=st.booleans())
def test_no_dimension_is_turned_around_however_wrong_it_is(
    seed: int, size: float, turned: bool
) -> None:
    z, fake, weight = dimensions(40, seed=seed)

    found = weigh(size * z, fake ^ turned, weight)

    assert np.isfinite(found.log_weight).all()
    assert np.isfinite(found.bias)
    assert (np.exp(found.log_weight) > 0).all()


def test_few_images_leave_the_weights_near_what_was_known() -> None:
    known = np.array([0.5, -0.5, 0.0])

    few = weigh(*dimensions(5), known=known)
    many = weigh(*dimensions(3000), known=known)

    np.testing.assert_allclose(few.log_weight, known, atol=0.15)
    assert np.abs(many.log_weight).max() < 0.2  # the truth


def test_a_dimension_that_is_always_zero_keeps_its_known_weight() -> None:
    z, fake, weight = dimensions()
    z[:, 1] = 0

    found = weigh(z, fake, weight, known=np.array([0.0, 0.7, 0.0]))

    assert found.log_weight[1] == pytest.approx(0.7, abs=1e-4)


def test_where_nothing_is_said_the_bias_is_zero_too() -> None:
    known = np.array([0.3, -0.3, 0.0])
    z, fake, weight = dimensions()
    for nothing in (
        weigh(np.zeros_like(z), fake, weight, known=known),
        weigh(z[:0], fake[:0], weight[:0], known=known),
        weigh(z, fake, np.zeros_like(weight), known=known),
    ):
        np.testing.assert_array_equal(nothing.log_weight, known)
        assert nothing.bias == 0


def test_an_image_of_weight_two_counts_like_two_images() -> None:
    z, fake, weight = dimensions(60)
    weight[:20] = 2
    twice = np.concatenate([np.arange(60), np.arange(20)])

    weighted, repeated = weigh(z, fake, weight), weigh(z[twice], fake[twice], np.ones(80))

    np.testing.assert_allclose(weighted.log_weight, repeated.log_weight, atol=1e-3)
    assert weighted.bias == pytest.approx(repeated.bias, abs=1e-3)


def test_labels_that_are_separated_keep_the_weights_finite() -> None:
    z, _, weight = dimensions(30)

    found = weigh(z, z.sum(axis=1) > 0, weight)

    assert np.abs(found.log_weight).max() < 3
