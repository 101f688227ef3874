"""Figures with their intervals in words: an interval that has a width shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from workbench.analysis.intervals import Estimate
from workbench.services.explore.pattern_figures import PatternFigures
from workbench.web.site import figures

PLAIN = PatternFigures(
    groups=3,
    images=2,
    mean_contribution=0.1,
    contribution_std=0.0,
    prevalence_real=Estimate(0.5, 0.1, 0.9),
    prevalence_fake=None,
    lift=None,
    unlifted="no_errors",
)


@pytest.mark.parametrize(
    ("lift", "value", "interval"),
    [
        (Estimate(1.94, 1.3, 2.6), "×1.9", "×1.3 to ×2.6"),
        (Estimate(0.0, 0.0, 0.31), "×0.0", "×0.0 to ×0.3"),
        (Estimate(0.0, 0.0, 0.012), "×0.00", "×0.00 to ×0.01"),
        (Estimate(1.004, 0.998, 1.011), "×1.00", "×1.00 to ×1.01"),
        (Estimate(120.4, 60.0, 240.2), "×120", "×60.0 to ×240"),
    ],
)
def test_a_lift_has_as_many_digits_as_tell_its_limits_apart(
    app: Flask, lift: Estimate, value: str, interval: str
) -> None:
    found = replace(PLAIN, lift=lift)

    with app.test_request_context():
        assert (figures.lift_value(found), figures.lift_note(found)) == (value, interval)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(low=some.floats(0, 0.99), width=some.floats(1e-4, 1))
def test_the_limits_of_a_share_are_never_printed_alike(
    app: Flask, low: float, width: float
) -> None:
    share = Estimate(low, low, min(low + width, 1.0))

    with app.test_request_context():
        first, last = figures.share_interval(share).split(" to ")

    assert first != last


def test_a_share_of_no_images_is_said_to_be_one(app: Flask) -> None:
    with app.test_request_context():
        words = figures.prevalence_words(PLAIN)

    assert words == "50% of real images (10% to 90%), no fake images"
    assert figures.share_value(None) == "–"
