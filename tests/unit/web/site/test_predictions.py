"""p(fake) as the screens print it: never certain without being so, on its side of the threshold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.web.site import predictions


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.614, "0.61"),
        (0.996, ">0.99"),
        (1.0, "1.00"),
        (0.004, "<0.01"),
        (0.0, "0.00"),
        (None, "–"),
        (0.5, "0.50"),
        (0.496, "0.496"),
        (0.5042, "0.504"),
        (0.495, "0.49"),
        (0.505, "0.51"),
        (0.50004, ">0.500"),
        (0.49999, "<0.500"),
    ],
)
def test_a_probability_never_claims_a_certainty_it_has_not(value: float | None, text: str) -> None:
    assert predictions.probability(value) == text


@given(value=some.floats(0, 1))
def test_a_probability_is_printed_on_the_side_of_the_threshold_where_it_is(value: float) -> None:
    text = predictions.probability(value)
    number = float(text.lstrip("<>"))

    if text.startswith(("<", ">")):
        assert value < number if text.startswith("<") else value > number
    else:
        assert (number > 0.5, number < 0.5) == (value > 0.5, value < 0.5)
        assert number == pytest.approx(value, abs=0.0051)


@pytest.mark.parametrize(("p", "label"), [(0.5, "real"), (0.50001, "fake"), (0.2, "real")])
def test_an_image_is_predicted_fake_above_the_threshold(p: float, label: str) -> None:
    assert predictions.predicted(p) == label
