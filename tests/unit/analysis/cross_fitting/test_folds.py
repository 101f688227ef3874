"""Images are divided by group, with both labels outside of every fold, and keep their folds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.analysis.cross_fitting.folds import FOLDS, NO_FOLD, Folds, divide


@st.composite
def collections(draw: st.DrawFn) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Labels and groups of 1 to 60 images."""
    count = draw(st.integers(1, 60))
    fake = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    group = draw(st.lists(st.integers(0, 20), min_size=count, max_size=count))
    return np.array(fake), np.array(group)


def outside(fake: NDArray[np.bool_], found: Folds, fold: int) -> NDArray[np.bool_]:
    return fake[found.by_image != fold]


@given(collections(), st.integers(0, 5))
def test_every_image_has_a_fold_and_groups_share_theirs_where_they_can(
    given: tuple[NDArray[np.bool_], NDArray[np.int64]], seed: int
) -> None:
    fake, group = given
    found = divide(fake, group, seed=seed)

    assert ((found.by_image >= 0) & (found.by_image < FOLDS)).all()
    if found.by == "group":
        for each in np.unique(group):
            assert len(np.unique(found.by_image[group == each])) == 1
        for fold in np.unique(found.by_image):
            assert 0 < outside(fake, found, fold).sum() < len(outside(fake, found, fold))


@given(collections(), collections(), st.integers(0, 5))
def test_what_stays_keeps_its_fold_whatever_comes_and_goes(
    before: tuple[NDArray[np.bool_], NDArray[np.int64]],
    new: tuple[NDArray[np.bool_], NDArray[np.int64]],
    seed: int,
) -> None:
    first = divide(*before, seed=seed)
    fake, group = (np.concatenate(each) for each in zip(before, new, strict=True))
    known = np.concatenate([first.by_image, np.full(len(new[0]), NO_FOLD)])

    second = divide(fake, group, known, seed=seed + 1)

    if second.kept:
        np.testing.assert_array_equal(second.by_image[: len(before[0])], first.by_image)
    else:
        # Only where keeping them would leave a head without a label, or a group in two folds.
        by_known = {fold: group[: len(before[0])][first.by_image == fold] for fold in range(FOLDS)}
        together = [set(each.tolist()) for each in by_known.values()]
        torn = any(one & two for at, one in enumerate(together) for two in together[:at])
        assert torn or not _could_be_kept(fake, second, known)


def _could_be_kept(fake: NDArray[np.bool_], _second: Folds, known: NDArray[np.int64]) -> bool:
    """Whether each known fold has both labels outside of it, whatever the new images add."""
    held = known != NO_FOLD
    return all(
        0 < fake[held & (known != fold)].sum() < (held & (known != fold)).sum()
        for fold in np.unique(known[held])
    )


def test_folds_are_level_in_size_and_labels() -> None:
    fake = np.arange(200) % 4 == 0
    found = divide(fake, np.arange(200))

    assert np.bincount(found.by_image).tolist() == [40] * FOLDS
    assert np.bincount(found.by_image[fake]).tolist() == [10] * FOLDS


def test_the_same_images_get_the_same_folds_and_another_seed_others() -> None:
    fake, group = np.arange(60) % 2 == 0, np.arange(60) // 3
    first, again, other = (divide(fake, group, seed=seed).by_image for seed in (0, 0, 1))

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_two_groups_make_two_folds() -> None:
    found = divide(np.array([True, False, True, False]), np.array([1, 1, 8, 8]))

    assert (found.by, len(np.unique(found.by_image))) == ("group", 2)


@pytest.mark.parametrize(
    ("fake", "group"),
    [
        pytest.param([True, False] * 5, [3] * 10, id="one group only"),
        pytest.param([False] * 4 + [True] * 6, [0] * 4 + [1, 2, 3, 4, 5, 6], id="all reals in one"),
    ],
)
def test_where_no_group_can_be_left_out_images_are(fake: list[bool], group: list[int]) -> None:
    labels = np.array(fake)
    found = divide(labels, np.array(group))

    assert found.by == "image"
    for fold in np.unique(found.by_image):
        assert 0 < outside(labels, found, fold).sum() < len(outside(labels, found, fold))


@pytest.mark.parametrize("fake", [[True], [True, False], [True] + [False] * 9])
def test_too_few_images_for_both_labels_outside_still_have_folds(fake: list[bool]) -> None:
    found = divide(np.array(fake), np.arange(len(fake)))

    assert (found.by, found.kept) == ("image", False)
    assert len(np.unique(found.by_image)) == min(FOLDS, len(fake))


def test_new_images_of_a_known_group_join_its_fold_and_the_emptiest_fold_is_filled() -> None:
    fake = np.array([True, False] * 6)
    group = np.repeat(np.arange(6), 2)
    known = np.array([0, 0, 1, 1, 3, 3, 4, NO_FOLD, NO_FOLD, NO_FOLD, NO_FOLD, NO_FOLD])

    found = divide(fake, group, known)

    assert found.kept
    assert found.by_image[6:8].tolist() == [4, 4]
    assert set(found.by_image[8:]) <= {2, 4, 0, 1, 3}
    assert 2 in found.by_image[8:]


def test_a_fold_that_lost_all_its_images_is_left_empty() -> None:
    fake, known = np.array([True, False] * 4), np.array([0, 0, 1, 1, 2, 2, 4, 4])
    found = divide(fake, np.arange(8), known)

    assert found.kept
    np.testing.assert_array_equal(found.by_image, known)


def test_known_folds_outside_of_which_a_label_has_gone_are_divided_afresh() -> None:
    # Every real image has come to lie in fold 0.
    fake = np.array([False, False, True, True, True, True])
    found = divide(fake, np.arange(6), np.array([0, 0, 1, 2, 3, 4]))

    assert not found.kept
    for fold in np.unique(found.by_image):
        assert 0 < outside(fake, found, fold).sum() < len(outside(fake, found, fold))
