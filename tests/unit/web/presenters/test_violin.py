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


@given(density=densities, high=some.floats(0.01, 10), more=some.floats(0, 10))
def test_half_a_violin_stays_on_its_side(density: list[float], high: float, more: float) -> None:
    left = violin.half_violin(density, high / 2, high, high + more, "left")
    right = violin.half_violin(density, high / 2, high, high + more, "right")

    for (x_left, y_left), (x_right, y_right) in zip(
        points_of(left.path), points_of(right.path), strict=True
    ):
        assert 0 <= x_left < violin.WIDTH / 2 < x_right <= violin.WIDTH
        assert 0 <= y_left == y_right <= violin.HEIGHT
        assert x_left + x_right == pytest.approx(violin.WIDTH, abs=0.11)


def test_a_violin_that_reaches_half_as_high_is_drawn_half_as_high() -> None:
    half = violin.half_violin([1.0] * 24, 0.5, 1.0, 2.0, "left")

    assert min(y for _x, y in points_of(half.path)) == violin.HEIGHT / 2
    assert half.mean_y == violin.HEIGHT * 0.75


@pytest.mark.parametrize("density", [[], [0.0] * 24])
def test_a_violin_of_nothing_is_not_drawn(density: list[float]) -> None:
    assert violin.half_violin(density, 0.0, 1.0, 1.0, "left") == violin.Half("", None)
