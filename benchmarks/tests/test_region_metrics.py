"""How well dimensions follow regions, where it can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from benchmarks.region_metrics import (
    evidence_shares,
    normalised_information,
    purities,
    table_of_all,
    table_of_strongest,
    top_patch_purity,
)


def test_dimensions_that_are_regions_tell_everything() -> None:
    table = np.array([[0.0, 3.0], [5.0, 0.0]])

    assert normalised_information(table) == pytest.approx(1)


def test_dimensions_that_are_alike_in_all_regions_tell_nothing() -> None:
    table = np.outer([1.0, 2.0, 3.0], [0.25, 0.75])

    assert normalised_information(table) == pytest.approx(0, abs=1e-12)


def test_information_by_hand() -> None:
    # Dimension and region: two halves each, one bit. Joint: 3/8, 1/8, 1/8, 3/8.
    joint = -(0.75 * np.log2(0.375) + 0.25 * np.log2(0.125))

    found = normalised_information(np.array([[3.0, 1.0], [1.0, 3.0]]))

    assert found == pytest.approx(1 + 1 - joint)


def test_whole_weights_count_like_so_many_patches() -> None:
    table = np.random.default_rng(0).integers(0, 9, (4, 5)).astype(float)
    dimension, region = np.nonzero(table)
    times = table[dimension, region].astype(int)

    expected = normalized_mutual_info_score(
        np.repeat(dimension, times), np.repeat(region, times), average_method="arithmetic"
    )

    assert normalised_information(table) == pytest.approx(expected)


@pytest.mark.parametrize("table", [np.zeros((2, 3)), np.ones((1, 1)), np.eye(3)[:, :1]])
def test_where_there_is_nothing_to_tell_information_is_0(table: np.ndarray) -> None:
    assert normalised_information(table) == 0


def test_evidence_is_summed_by_strongest_dimension_and_by_all() -> None:
    # One image, two dimensions, three patches, of which the last two are in region 1.
    contributions = np.array([[[3.0, -1.0, 0.5], [-1.0, 2.0, -4.0]]])
    regions = np.array([[0, 1, 1]])

    assert table_of_strongest(contributions, regions).tolist() == [[4, 0], [0, 3 + 4.5]]
    assert table_of_all(contributions, regions).tolist() == [[3, 1.5], [1, 6]]
    assert evidence_shares(contributions) == pytest.approx([4.5 / 11.5, 7 / 11.5])


def test_purity_is_of_the_strongest_patch_of_each_image() -> None:
    # The strongest patches of dimension 0, with either sign: in regions 2, 2, 0; the fourth image
    # has no evidence. All of dimension 1: region 1.
    contributions = np.zeros((4, 2, 3))
    contributions[0, 0] = (1, 5, 2)
    contributions[1, 0] = (0, -4, 3)
    contributions[2, 0] = (2, 0, 0)
    contributions[:3, 1, 2] = (1, -1, 1)
    regions = np.tile([0, 2, 1], (4, 1))

    assert purities(contributions, regions) == pytest.approx([2 / 3, 1])
    assert top_patch_purity(contributions, regions) == pytest.approx((2 / 3 + 1) / 2)


def test_purity_is_of_the_fifty_strongest_images() -> None:
    contributions = np.ones((80, 1, 2))
    contributions[:50, 0, 1] = 9
    contributions[50:, 0, 0] = 8
    regions = np.tile([0, 1], (80, 1))

    assert purities(contributions, regions).tolist() == [1]


def test_dimensions_with_little_evidence_are_left_out() -> None:
    contributions = np.zeros((2, 2, 2))
    contributions[:, 0, 0] = 1
    contributions[0, 1, 0] = contributions[1, 1, 1] = 0.02
    regions = np.tile([0, 1], (2, 1))

    assert purities(contributions, regions).tolist() == [1, 0.5]
    assert top_patch_purity(contributions, regions) == 1


def test_without_evidence_there_is_no_purity() -> None:
    assert np.isnan(top_patch_purity(np.zeros((2, 3, 4)), np.zeros((2, 4), int)))


def test_without_an_image_there_is_nothing_to_tell() -> None:
    contributions, regions = np.zeros((0, 3, 4)), np.zeros((0, 4), int)

    assert normalised_information(table_of_strongest(contributions, regions)) == 0
    assert normalised_information(table_of_all(contributions, regions)) == 0
    assert np.isnan(top_patch_purity(contributions, regions))
