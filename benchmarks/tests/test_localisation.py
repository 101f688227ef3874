"""Pointing game and average precision, where they can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.localisation import Localised, Pointed, by_kind, point
from benchmarks.planted import Planted


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


def test_only_what_is_detected_of_a_kind_can_point() -> None:
    truth = Planted(
        pictures=(),
        held_out=np.array([True, True, True, True, False]),
        kinds=np.array(["", "ghost", "ghost", "blur", "ripple"]),
        shapes=np.array(["", "soft", "thin", "thin", "soft"]),
        sizes=np.array(["", "small", "small", "large", "large"]),
        masks=(),
    )
    found = Localised(
        indices=np.array([1]),
        group=np.array(["hill"]),
        masks=np.array([[True, False]]),
        pointed={"share": Pointed(hit=np.array([1.0]), precision=np.array([0.5]))},
    )

    figures = by_kind(found, "share", truth)

    assert figures == {
        "kind blur: detected, pointing, average precision": [0.0, None, None],
        "kind ghost: detected, pointing, average precision": [0.5, 1.0, 0.5],
        "shape soft: detected, pointing, average precision": [1.0, 1.0, 0.5],
        "shape thin: detected, pointing, average precision": [0.0, None, None],
        "size large: detected, pointing, average precision": [0.0, None, None],
        "size small: detected, pointing, average precision": [0.5, 1.0, 0.5],
    }
