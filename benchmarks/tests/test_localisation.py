"""Pointing game and average precision, where they can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.localisation import point


def test_the_strongest_patch_points_and_all_patches_rank() -> None:
    masks = np.array([[True, False, True, False], [False, False, False, True]])
    maps = np.array([[0.9, 0.5, 0.1, -2.0], [3.0, -1.0, 2.0, 1.0]])

    found = point(maps, masks)

    assert found.hit.tolist() == [1, 0]
    # First image: found first and third, 1/1 and 2/3. Second: found third, 1/3.
    assert found.precision.tolist() == pytest.approx([(1 + 2 / 3) / 2, 1 / 3])


def test_strong_evidence_against_does_not_point() -> None:
    found = point(np.array([[-5.0, 1.0]]), np.array([[True, False]]))

    assert found.hit.tolist() == [0]
