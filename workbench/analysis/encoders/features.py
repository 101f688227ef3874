"""Slices of the embedding: which features of which blocks it is made of."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from workbench.analysis.encoders.blocks import Tower
from workbench.analysis.encoders.protocol import Feature, FeatureKind

MOST_BLOCKS = 8
"""Most blocks that evidence is taken from: x grows with each of them."""


def default_features(blocks: int) -> tuple[tuple[int, FeatureKind], ...]:
    """Choose the features of a tower of so many blocks: evidence by patch, and content.

    Mean, spread and variation of up to `MOST_BLOCKS` blocks of the first two thirds, since the
    evidence of generation lies early; and the content of the block after three quarters, whose
    tokens are alike where parts of things are alike, and which still costs no full pass.
    """
    early = max(2 * blocks // 3, 1)
    chosen = np.unique(np.linspace(0, early - 1, min(early, MOST_BLOCKS)).round().astype(int))
    kinds: tuple[FeatureKind, ...] = ("patch_mean", "patch_spread", "patch_variation")
    evidence = [(int(block), kind) for block in chosen for kind in kinds]
    return (*evidence, (min(3 * blocks // 4, blocks - 1), "content"))


def class_token(blocks: int) -> tuple[tuple[int, FeatureKind], ...]:
    """Choose the paper's embedding: the last block's class token."""
    return ((blocks - 1, "class"),)


def feature_slices(wanted: Iterable[tuple[int, FeatureKind]], tower: Tower) -> tuple[Feature, ...]:
    """Assign consecutive slices of x to the wanted (block, kind) pairs, in the order given.

    ValueError for no pair, a repeated one, or a block or class token that the tower does not have.
    """
    pairs = list(wanted)
    if not pairs or len(set(pairs)) < len(pairs):
        raise ValueError(f"an embedding needs features, each once; got {pairs}")
    features: list[Feature] = []
    start = 0
    for block, kind in pairs:
        if not 0 <= block < len(tower.blocks):
            raise ValueError(f"there is no block {block}; blocks are 0 to {len(tower.blocks) - 1}")
        if kind == "class" and not tower.has_class_token:
            raise ValueError("there is no class token")
        stop = start + (tower.class_width(block) if kind == "class" else tower.width)
        features.append(Feature(block, kind, start, stop))
        start = stop
    return tuple(features)
