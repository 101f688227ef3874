"""What is said of a counterfactual: the rule that decides, and its figures."""

from __future__ import annotations

import numpy as np
import pytest
from flask import Flask
from flask_babel import Babel

from workbench.analysis.regions.counterfactual import prediction_interval
from workbench.services.image.counterfactuals import Outcome
from workbench.web.presenters.evidence import trial_words

CONTROLS = (-0.30, -0.1, 0.05, -0.02, 0.1, 0.0, -0.06, 0.03, -0.04, 0.12)


def finding(change: float, controls: tuple[float, ...] = CONTROLS) -> str:
    interval = prediction_interval(np.array(controls))
    outcome = Outcome("blur", 0.5, 0.5, change, 0.0, 0.1, controls, interval)
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        return trial_words(outcome, of_dimension=False).finding


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (0.02, "Not significant: +0.02 lies within the 95% prediction interval of the control"),
        (0.15, "Not significant: +0.15 lies beyond every control region, but within their 95%"),
        (-0.90, "Significant: −0.90 lies outside the 95% prediction interval of the control"),
        (0.90, "Significant: +0.90 lies outside the 95% prediction interval of the control"),
    ],
)
def test_a_finding_names_the_rule_and_where_the_edit_lies_by_it(change: float, words: str) -> None:
    said = finding(change)

    assert said.startswith(words)
    assert "−0.31 to +0.26" in said


def test_too_few_controls_decide_nothing() -> None:
    assert finding(0.9, (0.0, 0.1)).startswith("Too few controls for a test")
