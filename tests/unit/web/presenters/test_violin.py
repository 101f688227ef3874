"""Half violins."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.web.presenters import violin

densities = some.lists(some.floats(0, 1), min_size=24, max_size=24)


def points_of(path: str) -> list[tuple[float, float]]:
    found = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)
    return [(float(x), float(y)) for x, y in found]


@given(density=densities, mean=some.floats(-3, 3))
def test_half_a_violin_stays_on_its_side(density: list[float], mean: float) -> None:
    mean_y = violin.height_of(mean, -1.0, 2.0)
    left = violin.half_violin(density, mean_y, "left")
    right = violin.half_violin(density, mean_y, "right")

    for (x_left, y_left), (x_right, y_right) in zip(
        points_of(left.path), points_of(right.path), strict=True
    ):
        assert 0 <= x_left < violin.WIDTH / 2 < x_right <= violin.WIDTH
        assert 0 <= y_left == y_right <= violin.HEIGHT
        assert x_left + x_right == pytest.approx(violin.WIDTH, abs=0.11)


def test_low_activations_lie_at_the_bottom_and_zero_between_both_signs() -> None:
    assert violin.height_of(-1.0, -1.0, 3.0) == violin.HEIGHT
    assert violin.height_of(0.0, -1.0, 3.0) == violin.HEIGHT * 0.75
    assert violin.height_of(3.0, -1.0, 3.0) == violin.height_of(9.0, -1.0, 3.0) == 0


@pytest.mark.parametrize("activation", [None, float("nan")])
def test_what_has_no_activation_has_no_height(activation: float | None) -> None:
    assert violin.height_of(activation, 0.0, 1.0) is None


@pytest.mark.parametrize("density", [[], [0.0] * 24])
def test_a_violin_of_nothing_is_not_drawn(density: list[float]) -> None:
    assert violin.half_violin(density, 3.0, "left") == violin.Half("", None)
