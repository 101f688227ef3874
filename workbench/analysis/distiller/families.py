"""Feature families: the features of x that each pair of distilled dimensions reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Integer
from numpy import ndarray

from workbench.analysis.encoders.protocol import Feature, FeatureKind

Family = Integer[ndarray, " _"]
"""Indices into x, the embedding."""

_STATISTICS: tuple[frozenset[FeatureKind], ...] = (
    frozenset({"class"}),
    frozenset({"patch_mean"}),
    frozenset({"patch_spread", "patch_variation"}),
)
"""Kinds of features that may share a family: class tokens, means, texture."""


def feature_families(features: Sequence[Feature], count: int) -> tuple[Family, ...]:
    """Split the embedding into `count` families, a partition of its features.

    Class tokens, means and texture (standard deviation and total variation) get families in
    proportion to the blocks that they are taken from, each a run of neighbouring blocks. Where
    there are more families than blocks, runs of channels. Deterministic. ValueError for a count
    below 1.
    """
    if count < 1:
        raise ValueError(f"there must be a family at least, not {count}")
    by_statistic = [blocks for kinds in _STATISTICS if (blocks := _by_block(features, kinds))]
    if count < len(by_statistic):
        by_statistic = [_by_block(features, frozenset().union(*_STATISTICS))]
    shares = _in_proportion([len(blocks) for blocks in by_statistic], count)
    return tuple(
        family
        for blocks, share in zip(by_statistic, shares, strict=True)
        for family in _runs(blocks, share)
    )


def _by_block(features: Sequence[Feature], kinds: frozenset[FeatureKind]) -> list[Family]:
    wanted = [feature for feature in features if feature.kind in kinds]
    return [
        np.concatenate([np.arange(each.start, each.stop) for each in wanted if each.block == block])
        for block in sorted({feature.block for feature in wanted})
    ]


def _in_proportion(sizes: list[int], count: int) -> list[int]:
    """Apportion `count` among the sizes by D'Hondt's method, at least 1 each."""
    shares = [1] * len(sizes)
    for _ in range(count - len(sizes)):
        quotients = [size / (share + 1) for size, share in zip(sizes, shares, strict=True)]
        shares[int(np.argmax(quotients))] += 1
    return shares


def _runs(blocks: list[Family], count: int) -> list[Family]:
    if count > len(blocks):
        return np.array_split(np.concatenate(blocks), count)
    cuts = np.array_split(np.arange(len(blocks)), count)
    return [np.concatenate([blocks[index] for index in run]) for run in cuts]
