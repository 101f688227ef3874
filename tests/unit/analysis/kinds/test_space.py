"""A group lies by its kind as far as it stands out, and by what it shows otherwise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.analysis.kinds.space import COMPONENTS, CONCEPT_WEIGHT, Kinds, Side, directions

CHANNELS = 4
PATCHES = 6


def kinds(natural: float = 1.0) -> Kinds:
    """Kinds along the first two channels, of either side."""
    side = Side(torch.eye(CHANNELS)[:, :2], torch.zeros(2), natural)
    return Kinds((0,), side, side)


def one_group(
    given: Kinds | None, *, height: float, channel: int = 0, sign: float = 1.0
) -> np.ndarray:
    """The direction of a group of two patches that differ in a channel by `height`."""
    tokens = torch.zeros(1, PATCHES, CHANNELS)
    tokens[0, :2, channel] = height
    areas = np.zeros((1, PATCHES))
    areas[0, :2] = 1
    by_patch = np.zeros((3, PATCHES))
    by_patch[1, :2] = sign
    found = directions(given, tokens, areas, by_patch, by_patch[:, :2].sum(axis=1)[None])
    assert found.shape == (1, 2 * COMPONENTS + 3)
    return found[0]


def test_far_from_natural_the_kind_says_all() -> None:
    found = one_group(kinds(), height=100.0)

    assert found[0] == pytest.approx(1.0, abs=1e-3)
    assert np.abs(found[1:]).max() < 0.02


def test_within_what_is_natural_what_it_shows_says_all() -> None:
    found = one_group(kinds(), height=0.5)

    assert not found[: 2 * COMPONENTS].any()
    assert found[2 * COMPONENTS :] == pytest.approx([0, CONCEPT_WEIGHT, 0])


def test_between_them_it_is_as_long_as_the_factor_of_james_and_stein() -> None:
    found = one_group(kinds(), height=2.0)

    assert found[0] == pytest.approx(1 - 1 / 4)
    assert found[2 * COMPONENTS + 1] == pytest.approx(CONCEPT_WEIGHT * np.sqrt(1 - 0.75**2))


def test_the_sides_have_parts_of_their_own() -> None:
    toward_real = one_group(kinds(), height=100.0, sign=-1.0)

    assert not toward_real[:COMPONENTS].any()
    assert toward_real[COMPONENTS] == pytest.approx(1.0, abs=1e-3)


def test_without_a_space_of_kinds_a_group_lies_by_what_it_shows() -> None:
    found = one_group(None, height=100.0)

    assert found[2 * COMPONENTS :] == pytest.approx([0, CONCEPT_WEIGHT, 0])


def test_a_group_that_contributes_nothing_has_no_direction() -> None:
    assert not one_group(kinds(), height=100.0, sign=0.0).any()


def test_a_group_is_compared_with_what_lies_outside_of_all_groups_of_its_side() -> None:
    tokens = torch.zeros(1, PATCHES, CHANNELS)
    tokens[0, :4, 0] = 10.0  # two groups do the same
    areas = np.zeros((2, PATCHES))
    areas[0, :2] = areas[1, 2:4] = 1
    by_patch = np.zeros((1, PATCHES))
    by_patch[0, :4] = 1
    found = directions(kinds(), tokens, areas, by_patch, np.full((2, 1), 2.0))

    # Compared with the other group too, they would differ by 5 and stand out less.
    assert found[:, 0] == pytest.approx([0.99, 0.99])


def test_within_its_group_a_patch_counts_by_its_contribution() -> None:
    tokens = torch.zeros(1, PATCHES, CHANNELS)
    tokens[0, 0, 0], tokens[0, 1, 1] = 10.0, 10.0
    areas = np.zeros((1, PATCHES))
    areas[0, :2] = 1
    by_patch = np.zeros((1, PATCHES))
    by_patch[0, :2] = (3.0, 1.0)

    found = directions(kinds(0.0), tokens, areas, by_patch, np.array([[4.0]]))

    assert found[0, 0] / found[0, 1] == pytest.approx(3.0)
