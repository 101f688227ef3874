"""Folds for cross-fitting: which images a fold head is not trained on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Integer
from numpy import ndarray

FOLDS = 5
NO_FOLD = -1
"""In an array of folds: the image has none, and is scored by the final head."""


DividedBy = Literal["group", "image"]


@dataclass(frozen=True)
class Folds:
    """A division of images into folds.

    by_image: from 0, below `FOLDS`.
    by: `group` where all images of a group share a fold, `image` where that cannot be.
    kept: whether every image that had a fold before has the same one.
    """

    by_image: Integer[ndarray, " image"]
    by: DividedBy
    kept: bool


def divide(
    fake: Bool[ndarray, " image"],
    group: Integer[ndarray, " image"],
    known: Integer[ndarray, " image"] | None = None,
    *,
    seed: int = 0,
) -> Folds:
    """Divide images into `FOLDS` folds by group, each with its share of both labels.

    known: each image's fold in the version before, if there is one, or `NO_FOLD`. Groups keep
        theirs: the fold heads of a retrain start from the parent's, which must not have seen them.

    Outside of each fold there are both labels, or its head could learn nothing. Where the known
    folds do not have that, all images are divided afresh; where no division by group has it (one
    group only, or all real images in one), they are divided one by one. There are fewer folds where
    there are fewer groups, or images.
    """
    groups, group = np.unique(group, return_inverse=True)
    images = np.arange(len(group))
    divisions: dict[DividedBy, Integer[ndarray, " image"]] = {"group": group, "image": images}
    if known is not None and (known != NO_FOLD).any():
        for by, units in divisions.items():
            found = _dealt(fake, units, known, FOLDS, seed)
            if _both_labels_outside(fake, found) and _unchanged(found, known):
                return Folds(found, by, kept=True)
    no_fold = np.full(len(group), NO_FOLD)
    for count in range(min(FOLDS, len(groups)), 1, -1):
        found = _dealt(fake, group, no_fold, count, seed)
        if _both_labels_outside(fake, found):
            return Folds(found, "group", kept=False)
    return Folds(_dealt(fake, images, no_fold, FOLDS, seed), "image", kept=False)


def _dealt(
    fake: Bool[ndarray, " image"],
    group: Integer[ndarray, " image"],
    known: Integer[ndarray, " image"],
    count: int,
    seed: int,
) -> Integer[ndarray, " image"]:
    """Give each group without a known fold the one that lacks its labels most, the largest first.

    As scikit-learn's `StratifiedGroupKFold` does; but that knows no groups that keep their fold.
    """
    sizes = np.stack([np.bincount(group, ~fake), np.bincount(group, fake)], axis=1)
    total = np.maximum(sizes.sum(axis=0), 1)
    fold = np.full(len(sizes), NO_FOLD)
    of_known = known != NO_FOLD
    fold[group[of_known]] = known[of_known]
    filled = np.zeros((count, 2))
    np.add.at(filled, fold[fold != NO_FOLD], sizes[fold != NO_FOLD])
    missing = np.flatnonzero(fold == NO_FOLD)
    order = np.random.default_rng(seed).permutation(missing)
    order = order[np.argsort(-sizes[order].sum(axis=1), kind="stable")]
    filled /= total
    for each in order.tolist():
        # Its own labels decide, the size of the fold where these are level.
        lacking = np.lexsort((filled.sum(axis=1), filled @ sizes[each]))[0]
        fold[each] = lacking
        filled[lacking] += sizes[each] / total
    found: Integer[ndarray, " image"] = fold[group]
    return found


def _both_labels_outside(fake: Bool[ndarray, " image"], fold: Integer[ndarray, " image"]) -> bool:
    """Tell whether the images outside of each fold that has images have both labels."""
    total = Counter(fake.tolist())
    inside = Counter(zip(fold.tolist(), fake.tolist(), strict=True))
    return len(set(fold.tolist())) > 1 and all(
        inside[each, label] < total[label] for each in set(fold.tolist()) for label in (False, True)
    )


def _unchanged(fold: Integer[ndarray, " image"], known: Integer[ndarray, " image"]) -> bool:
    return bool((fold == known)[known != NO_FOLD].all())
