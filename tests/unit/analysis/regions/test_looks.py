"""An effect is measured on more images until its interval is narrow enough, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.analysis.regions.counterfactual import Effect, paired_effect
from workbench.analysis.regions.looks import FIRST, is_precise, looks

MOST = 24
TRUE = -0.3


def measured(removed: NDArray[np.float64], tolerance: float) -> Effect:
    """What is known of these images' changes, in their order, when it is precise enough."""
    for count in looks(len(removed)):
        effect = paired_effect(removed[:count], np.zeros((count, 1)))
        if is_precise(effect, tolerance):
            break
    return effect


def covered(spread: float, tolerance: float, repetitions: int = 2000) -> tuple[float, float]:
    """How often the interval holds the true effect, and on how many images on average."""
    changes = np.random.default_rng(0).normal(TRUE, spread, size=(repetitions, MOST))
    found = [measured(each, tolerance) for each in changes]
    held = [(each.low or 0) <= TRUE <= (each.high or 0) for each in found]
    return float(np.mean(held)), float(np.mean([each.images for each in found]))


@pytest.mark.parametrize("tolerance", [0.45, 0.55, 0.7, 1.0])
def test_intervals_hold_the_true_effect_as_often_as_they_say_although_they_stop(
    tolerance: float,
) -> None:
    share, images = covered(1.0, tolerance)

    assert share >= 0.92
    assert images < MOST - 3


def test_the_steadier_a_pattern_the_fewer_images_it_takes() -> None:
    assert covered(0.3, 0.5, 50)[1] == FIRST
    assert covered(3.0, 0.5, 50)[1] == MOST


def test_where_an_effect_lies_does_not_matter_to_when_it_is_precise() -> None:
    changes = np.random.default_rng(1).normal(size=MOST)

    assert {measured(changes + shift, 0.6).images for shift in (-5.0, 0.0, 5.0)} == {
        measured(changes, 0.6).images
    }


def test_one_image_is_never_precise() -> None:
    assert not is_precise(paired_effect(np.zeros(1), np.zeros((1, 1))), 10.0)


@pytest.mark.parametrize("most", [1, FIRST - 1, FIRST, FIRST + 1, MOST])
def test_the_last_look_is_at_all_images(most: int) -> None:
    found = looks(most)

    assert found[-1] == most
    assert found == sorted(set(found))
    assert len(found) == 1 or found[0] == FIRST
