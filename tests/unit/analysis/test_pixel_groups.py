"""Pixel groups follow the image and lose nothing of the score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco
from scipy.ndimage import label

from workbench.analysis.pixel_groups import (
    KEPT_AT_MOST,
    decode_mask,
    find_pixel_groups,
    patch_overlap,
    superpixels,
)

SIZE = 64
GRID = (8, 8)


def halves() -> np.ndarray:
    """An image that is dark left and bright right."""
    pixels = np.full((SIZE, SIZE, 3), 40, dtype=np.uint8)
    pixels[:, SIZE // 2 :] = 210
    return pixels


def one_hot_patches(patches: list[int], value: float, dimensions: int = 2) -> np.ndarray:
    contributions = np.zeros((dimensions, GRID[0] * GRID[1]))
    contributions[0, patches] = value
    return contributions


@given(seed=st.integers(0, 2**16), regions=st.integers(1, 12))
def test_any_partition_keeps_the_sum_of_the_contributions(seed: int, regions: int) -> None:
    generator = np.random.default_rng(seed)
    labels = np.unique(generator.integers(regions, size=(SIZE, SIZE)), return_inverse=True)[1]
    contributions = generator.normal(size=(3, GRID[0] * GRID[1]))

    by_region = contributions @ patch_overlap(labels.reshape(SIZE, SIZE), GRID)

    np.testing.assert_allclose(by_region.sum(axis=1), contributions.sum(axis=1), atol=1e-9)


def test_a_grid_that_does_not_divide_the_image_still_keeps_the_sum() -> None:
    overlap = patch_overlap(superpixels(halves()), (7, 7))

    np.testing.assert_allclose(overlap.sum(axis=1), 1.0)


def test_groups_are_connected_and_sorted_by_strength() -> None:
    generator = np.random.default_rng(0)
    contributions = generator.normal(size=(4, 64))

    groups = find_pixel_groups(halves(), contributions, GRID)

    strengths = [abs(group.contribution) for group in groups]
    assert strengths == sorted(strengths, reverse=True)
    assert 0 < len(groups) <= KEPT_AT_MOST
    for group in groups:
        assert label(decode_mask(group.rle, SIZE))[1] == 1


def test_a_group_lies_where_the_contribution_is() -> None:
    left_middle = [row * 8 + column for row in (3, 4) for column in (1, 2)]

    strongest = find_pixel_groups(halves(), one_hot_patches(left_middle, 1.0), GRID)[0]

    mask = decode_mask(strongest.rle, SIZE).astype(bool)
    assert mask[:, : SIZE // 2].sum() > 0.9 * mask.sum()
    assert strongest.left + strongest.width <= SIZE // 2 + 4


def test_a_groups_box_area_and_mask_agree() -> None:
    group = find_pixel_groups(halves(), one_hot_patches([9, 10], -2.0), GRID)[0]

    mask = decode_mask(group.rle, SIZE)
    rows, columns = np.nonzero(mask)
    assert group.area == mask.sum()
    assert (group.left, group.top) == (columns.min(), rows.min())
    assert (group.width, group.height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)
    encoded = coco.encode(np.asfortranarray(mask))
    assert encoded["counts"].decode() == group.rle


def test_a_group_toward_real_has_a_negative_contribution_by_dimension_too() -> None:
    group = find_pixel_groups(halves(), one_hot_patches([9, 10], -2.0), GRID)[0]

    assert group.contribution < 0
    assert group.contribution == pytest.approx(group.by_dimension.sum())


def test_an_image_to_which_nothing_contributes_has_no_groups() -> None:
    assert find_pixel_groups(halves(), np.zeros((2, 64)), GRID) == []


def test_a_constant_image_has_groups_by_place() -> None:
    grey = np.full((SIZE, SIZE, 3), 128, dtype=np.uint8)

    groups = find_pixel_groups(grey, one_hot_patches([0], 1.0), GRID)

    assert groups[0].left == groups[0].top == 0
    assert groups[0].area < SIZE * SIZE / 4
