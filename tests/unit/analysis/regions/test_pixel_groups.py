"""Pixel groups follow the image and lose nothing of the score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco
from scipy.ndimage import gaussian_filter, label
from skimage.segmentation import slic

from workbench.analysis.regions.pixel_groups import (
    DENSITY_RATIO,
    KEPT_AT_MOST,
    LIKENESS,
    decode_mask,
    join_superpixels,
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


def test_superpixels_are_finer_where_patches_are_and_a_byte_tells_them_apart() -> None:
    picture = gaussian_filter(
        np.random.default_rng(0).integers(0, 256, (224, 224, 3)).astype(np.uint8), (4, 4, 0)
    )
    coarse, usual, fine, finest = (
        superpixels(picture, (side, side)).max() + 1 for side in (7, 16, 24, 37)
    )

    assert coarse == usual
    assert usual < fine <= finest < 256


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

    groups = join_superpixels(superpixels(halves()), contributions, GRID)

    strengths = [abs(group.contribution) for group in groups]
    assert strengths == sorted(strengths, reverse=True)
    assert 0 < len(groups) <= KEPT_AT_MOST
    for group in groups:
        assert label(decode_mask(group.rle, SIZE))[1] == 1


def test_a_group_lies_where_the_contribution_is() -> None:
    left_middle = [row * 8 + column for row in (3, 4) for column in (1, 2)]

    strongest = join_superpixels(superpixels(halves()), one_hot_patches(left_middle, 1.0), GRID)[0]

    mask = decode_mask(strongest.rle, SIZE).astype(bool)
    assert mask[:, : SIZE // 2].sum() > 0.9 * mask.sum()
    assert strongest.left + strongest.width <= SIZE // 2 + 4


def test_a_groups_box_area_and_mask_agree() -> None:
    group = join_superpixels(superpixels(halves()), one_hot_patches([9, 10], -2.0), GRID)[0]

    mask = decode_mask(group.rle, SIZE)
    rows, columns = np.nonzero(mask)
    assert group.area == mask.sum()
    assert (group.left, group.top) == (columns.min(), rows.min())
    assert (group.width, group.height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)
    encoded = coco.encode(np.asfortranarray(mask))
    assert encoded["counts"].decode() == group.rle


def test_a_group_toward_real_has_a_negative_contribution_by_dimension_too() -> None:
    group = join_superpixels(superpixels(halves()), one_hot_patches([9, 10], -2.0), GRID)[0]

    assert group.contribution < 0
    assert group.contribution == pytest.approx(group.by_dimension.sum())


def test_an_image_to_which_nothing_contributes_has_no_groups() -> None:
    assert join_superpixels(superpixels(halves()), np.zeros((2, 64)), GRID) == []


def test_a_constant_image_has_groups_by_place() -> None:
    grey = np.full((SIZE, SIZE, 3), 128, dtype=np.uint8)

    groups = join_superpixels(superpixels(grey), one_hot_patches([0], 1.0), GRID)

    assert groups[0].left == groups[0].top == 0
    assert groups[0].area < SIZE * SIZE / 4


def explained_variation(pixels: np.ndarray, labels: np.ndarray) -> float:
    """Share of the variance of colour that lies between regions (Moore et al. 2008)."""
    colour = pixels.reshape(-1, 3).astype(float)
    regions = labels.ravel()
    area = np.bincount(regions)
    means = np.stack([np.bincount(regions, weights=each) / area for each in colour.T], axis=1)
    about = colour - colour.mean(axis=0)
    return float(((means[regions] - colour.mean(axis=0)) ** 2).sum() / (about**2).sum())


def discs(seed: int) -> np.ndarray:
    """Blurred discs of random colours, one over the other, with a little noise."""
    generator = np.random.default_rng(seed)
    rows, columns = np.indices((224, 224))
    pixels = np.full((224, 224, 3), 128.0)
    for _ in range(12):
        row, column, radius = generator.integers((20, 20, 15), (204, 204, 60))
        inside = (rows - row) ** 2 + (columns - column) ** 2 < radius**2
        pixels[inside] = generator.uniform(0, 255, 3)
    noisy = gaussian_filter(pixels, (1, 1, 0)) + generator.normal(0, 4, pixels.shape)
    return noisy.clip(0, 255).astype(np.uint8)


def test_superpixels_follow_things_nearly_as_well_as_ten_rounds_in_full_precision() -> None:
    for seed in range(3):
        pixels = discs(seed)
        rows, columns = np.indices((224, 224))
        squares = rows // 23 * 10 + columns // 23
        thorough = slic(pixels, n_segments=96, compactness=12.0, sigma=1.0, start_label=0)

        ours = explained_variation(pixels, superpixels(pixels))
        best, chance = (explained_variation(pixels, each) for each in (thorough, squares))

        assert ours - chance > 0.9 * (best - chance)


@pytest.mark.parametrize("side", [1, 2, 17, 64, 224])
@pytest.mark.parametrize("seed", [0, 1])
def test_superpixels_are_numbered_without_gaps_and_few_enough_for_a_byte(
    side: int, seed: int
) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)

    labels = superpixels(noise)

    assert labels.dtype == np.uint8
    assert set(np.unique(labels)) == set(range(int(labels.max()) + 1))


def slow_groups(labels: np.ndarray, contributions: np.ndarray) -> list[tuple[int, float]]:
    """Area and contribution of each joined region, pixel by pixel and pair by pair."""
    regions = range(int(labels.max()) + 1)
    by_pixel = contributions.reshape(len(contributions), *GRID) / (SIZE // GRID[0]) ** 2
    by_pixel = by_pixel.repeat(SIZE // GRID[0], axis=1).repeat(SIZE // GRID[1], axis=2)
    share = [by_pixel[:, labels == region].sum(axis=1) for region in regions]
    density = [share[region].sum() / (labels == region).sum() for region in regions]
    usual = np.mean(np.abs(density))
    group = list(regions)
    for first in regions:
        for second in regions:
            weaker, stronger = sorted((abs(density[first]), abs(density[second])))
            lengths = np.linalg.norm(share[first]) * np.linalg.norm(share[second])
            if (
                touch(labels, first, second)
                and np.sign(density[first]) == np.sign(density[second])
                and weaker >= max(DENSITY_RATIO * stronger, usual)
                and lengths > 0
                and share[first] @ share[second] / lengths >= LIKENESS
            ):
                old, new = group[second], group[first]
                group = [new if each == old else each for each in group]
    joined = []
    for each in set(group):
        members = [region for region in regions if group[region] == each]
        area = int(np.isin(labels, members).sum())
        joined.append((area, float(sum(share[region].sum() for region in members))))
    return sorted(joined, key=lambda one: -abs(one[1]))


def touch(labels: np.ndarray, first: int, second: int) -> bool:
    sideways = {first, second}
    return first != second and any(
        {int(labels[row, column]), int(labels[row + down, column + right])} == sideways
        for down, right in ((0, 1), (1, 0))
        for row in range(SIZE - down)
        for column in range(SIZE - right)
    )


def test_joined_regions_are_those_of_the_slow_way() -> None:
    rows, columns = np.indices((SIZE, SIZE))
    labels = (rows // 22 * 3 + columns // 22).astype(np.uint8)
    contributions = np.random.default_rng(4).normal(0.5, 1.0, size=(2, GRID[0] * GRID[1]))

    groups = join_superpixels(labels, contributions, GRID)

    expected = slow_groups(labels, contributions)
    assert len(expected) < labels.max() + 1
    assert 0 < len(groups) <= len(expected)
    for group, (area, contribution) in zip(groups, expected, strict=False):
        assert group.area == area
        assert group.contribution == pytest.approx(contribution)
