"""A mean map is drawn as it is: every patch in the shade of its value, none twice."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.web.presenters.mean_map import STEPS, drawn_map

RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-\d+z")


@given(arrays(np.float64, (5, 7), elements=st.floats(0, 10)))
def test_each_patch_has_the_shade_of_its_value(values: np.ndarray) -> None:
    drawn = drawn_map(values.tolist())

    if not values.any():
        assert drawn is None
        return
    assert drawn is not None
    assert (drawn.rows, drawn.columns, drawn.largest) == (5, 7, values.max())
    painted = np.zeros(values.shape)
    times = np.zeros(values.shape, int)
    for opacity, path in drawn.shades:
        for x, y, width in (map(int, each) for each in RUN.findall(path)):
            painted[y, x : x + width] = opacity
            times[y, x : x + width] += 1
    assert times.max() == 1
    assert np.abs(painted - values / values.max()).max() <= 0.5 / STEPS + 1e-9


def test_a_map_without_evidence_is_not_drawn() -> None:
    assert drawn_map(()) is None
    assert drawn_map([[0.0, 0.0]]) is None
