"""Sums over groups are those of adding up image by image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.groups import group_sums, single_images

KINDS = 3

images = st.lists(
    st.tuples(st.sampled_from([0, 2, 3, 9]), st.integers(0, KINDS - 1), st.booleans()), max_size=30
)


@given(images, st.lists(st.integers(-3, 3), min_size=2 * KINDS, max_size=2 * KINDS))
def test_squares_are_those_of_what_each_groups_images_add(
    rows: list[tuple[int, int, bool]], weights: list[int]
) -> None:
    group, kind = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    having = np.array([row[2] for row in rows], bool)
    of_hits, of_all = np.array(weights, float).reshape(2, 1, KINDS)

    sums = group_sums(group, kind, [(group[having], kind[having])], KINDS)

    added = of_all[0, kind] + np.where(having, of_hits[0, kind], 0.0)
    by_group = np.bincount(group, weights=added) if len(rows) else np.zeros(1)
    assert sums.squares(of_hits, of_all)[0] == pytest.approx((by_group**2).sum())
    assert sums.apart().squares(of_hits, of_all)[0] == pytest.approx((added**2).sum())
    assert sums.group_count(range(KINDS)) == len(set(group.tolist()))
    assert sums.group_count([1]) == len(set(group[kind == 1].tolist()))
    np.testing.assert_array_equal(sums.counts, np.bincount(kind, minlength=KINDS))


def test_each_trait_is_summed_up_by_itself() -> None:
    group, kind = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    first, second = np.array([0, 1]), np.array([1, 2, 3])

    both = group_sums(group, kind, [(group[each], kind[each]) for each in (first, second)], 2)

    for trait, own in enumerate((first, second)):
        alone = group_sums(group, kind, [(group[own], kind[own])], 2)
        np.testing.assert_array_equal(both.hit_products[trait], alone.hit_products[0])
        np.testing.assert_array_equal(both.mixed_products[trait], alone.mixed_products[0])


def test_single_images_need_no_sums() -> None:
    sums = group_sums(np.array([4, 1, 7]), np.array([0, 1, 1]), [(np.array([7]), np.array([1]))], 2)

    assert sums.groups is None
    np.testing.assert_array_equal(sums.products, single_images(sums.counts, sums.hits).products)
