"""Feature families: the features of x that each pair of distilled dimensions reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer
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
_NAMES = ("class tokens", "means", "texture")


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


def reading(weight: Float[ndarray, " column"], features: Sequence[Feature]) -> str:
    """Describe what a dimension reads, from its row of W: "texture of blocks 2 and 3".

    Blocks count from 0. Empty where all weights are 0.
    """
    read = [feature for feature in features if np.any(weight[feature.slice])]
    kinds = {feature.kind for feature in read}
    names = [
        name for name, alike in zip(_NAMES, _STATISTICS, strict=True) if not alike.isdisjoint(kinds)
    ]
    blocks = sorted({feature.block for feature in read})
    if not blocks:
        return ""
    where = f"block {blocks[0]}" if len(blocks) == 1 else f"blocks {_listed(blocks)}"
    return f"{' and '.join(names)} of {where}"


def _listed(blocks: list[int]) -> str:
    if len(blocks) > 2 and blocks == list(range(blocks[0], blocks[-1] + 1)):
        return f"{blocks[0]} to {blocks[-1]}"
    return ", ".join(map(str, blocks[:-1])) + f" and {blocks[-1]}"


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
