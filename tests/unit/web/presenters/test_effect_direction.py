"""What the sign of a pattern's effect size is said to mean."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask, get_template_attribute
from flask_babel import Babel

from tests.support.browser import ROOT


@pytest.mark.parametrize(
    ("effect", "low", "high", "words"),
    [
        (-0.7, -1.1, -0.3, "removal lowers p(fake)"),
        (0.7, 0.3, 1.1, "removal raises p(fake)"),
        (-0.7, -1.5, 0.1, "removal: no more than the control"),
        (0.7, 0.0, 1.4, "removal: no more than the control"),
        (-0.7, None, None, "removal lowers p(fake)"),
        (0.0, None, None, "removal changes nothing"),
    ],
)
def test_an_effect_says_what_removal_does_to_p(
    effect: float, low: float | None, high: float | None, words: str
) -> None:
    app = Flask(__name__, template_folder=str(ROOT / "templates"))
    Babel(app)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    row = SimpleNamespace(effect=effect, effect_low=low, effect_high=high)
    with app.test_request_context():
        said = get_template_attribute("components/definitions.html", "effect_direction")(row)

    assert said.strip() == words
