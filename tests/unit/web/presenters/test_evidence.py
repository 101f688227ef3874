"""What is said of a counterfactual: the rule that decides, and its figures."""

from __future__ import annotations

import re

import numpy as np
import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.analysis.regions.counterfactual import prediction_interval
from workbench.services.image.counterfactuals import Outcome
from workbench.web.presenters.bars import control_strip
from workbench.web.presenters.evidence import TrialWords, trial_words

CONTROLS = (-0.30, -0.1, 0.05, -0.02, 0.1, 0.0, -0.06, 0.03, -0.04, 0.12)


def outcome_of(change: float, interval: tuple[float, float] | None) -> Outcome:
    return Outcome("blur", 0.5, 0.5, change, 0.0, 0.1, CONTROLS, interval)


def words(outcome: Outcome) -> TrialWords:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        return trial_words(outcome, of_dimension=False)


def finding(change: float, controls: tuple[float, ...] = CONTROLS) -> str:
    interval = prediction_interval(np.array(controls))
    return words(Outcome("blur", 0.5, 0.5, change, 0.0, 0.1, controls, interval)).finding


@pytest.mark.parametrize(
    ("change", "begins"),
    [
        (0.02, "Not significant: +0.02 lies within the 95% prediction interval of the control"),
        (0.15, "Not significant: +0.15 lies beyond every control region, but within their 95%"),
        (-0.90, "Significant: −0.90 lies outside the 95% prediction interval of the control"),
        (0.90, "Significant: +0.90 lies outside the 95% prediction interval of the control"),
    ],
)
def test_a_finding_names_the_rule_and_where_the_edit_lies_by_it(change: float, begins: str) -> None:
    said = finding(change)

    assert said.startswith(begins)
    assert "−0.31 to +0.26" in said


def test_too_few_controls_decide_nothing() -> None:
    assert finding(0.9, (0.0, 0.1)).startswith("Too few controls for a test")


FIGURES = re.compile(r"[+−]?\d+\.\d+")


def printed(text: str) -> list[float]:
    return [float(each.replace("−", "-")) for each in FIGURES.findall(text)]


edges = st.floats(-5, 5).map(lambda value: round(value, 4))


@given(low=edges, width=st.floats(0.001, 3), nudge=st.sampled_from([0.0, 1e-12, 1e-6, 0.004, 0.3]))
@example(low=-0.304, width=0.6, nudge=0.001)
@example(low=0.1, width=0.2, nudge=0.0)
def test_the_sentence_never_contradicts_its_figures_or_the_plot(
    low: float, width: float, nudge: float
) -> None:
    high = low + width
    for change in (low - nudge, low + nudge, high - nudge, high + nudge):
        outcome = outcome_of(change, (low, high))

        said = words(outcome)
        strip = control_strip(change, CONTROLS, (low, high), 240.0)

        assert strip.interval is not None
        first, last = strip.interval
        drawn_outside = strip.edit < first - 1e-9 or strip.edit > last + 1e-9
        assert said.finding.startswith("Significant") == outcome.exceeds_control
        assert outcome.exceeds_control or not drawn_outside
        told, lower, upper = printed(said.finding.split("95%")[0] + said.finding.split("95%")[1])
        assert printed(said.change) == [told]
        if outcome.exceeds_control:
            assert told < lower or told > upper
        else:
            assert lower <= told <= upper


def test_a_change_that_would_be_printed_like_an_end_is_printed_with_more_digits() -> None:
    said = words(outcome_of(-0.3042, (-0.3038, 0.25)))

    assert "−0.3042 lies outside" in said.finding
    assert "−0.3038 to +0.2500" in said.finding
    assert said.change == "−0.3042"
    assert said.strip.startswith("Change in logit: −0.3042;")


def test_what_moves_less_far_than_every_control_is_no_fall_and_no_rise() -> None:
    said = words(outcome_of(-0.5, (-2.0, -1.0)))

    assert said.finding.startswith("Significant: −0.50 lies outside")
    assert said.finding.endswith("It moves p(fake) less far than the controls do.")
