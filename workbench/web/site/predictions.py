"""p(fake), and what the model predicts by it, as pages print them: template filters."""

from __future__ import annotations

import math

from flask import Flask

from workbench.store.outcomes import THRESHOLD


def probability(value: float | None) -> str:
    """A probability in two digits, or what says more: 0.61, >0.99, 0.504, <0.500.

    It never claims a certainty that it has not, and is on its side of the threshold.
    """
    if value is None or math.isnan(value):
        return "–"
    if 0.995 <= value < 1.0:
        return ">0.99"
    if 0.0 < value < 0.005:
        return "<0.01"
    for digits in (2, 3):
        text = f"{value:.{digits}f}"
        if value == THRESHOLD or float(text) != THRESHOLD:
            return text
    return f">{text}" if value > THRESHOLD else f"<{text}"


def predicted(p: float) -> str:
    """The label that the model predicts at this p(fake)."""
    return "fake" if p > THRESHOLD else "real"


def register(app: Flask) -> None:
    """Make every function of this module a template filter of its own name."""
    for function in (predicted, probability):
        app.add_template_filter(function)
