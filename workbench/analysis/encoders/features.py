"""Slices of the embedding: which features of which blocks it is made of."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.analysis.encoders.blocks import Tower
from workbench.analysis.encoders.protocol import Feature, FeatureKind


def feature_slices(wanted: Iterable[tuple[int, FeatureKind]], tower: Tower) -> tuple[Feature, ...]:
    """Assign consecutive slices of x to the wanted (block, kind) pairs, in the order given.

    ValueError for no pair, a repeated one, or a block that the tower does not have.
    """
    pairs = list(wanted)
    if not pairs or len(set(pairs)) < len(pairs):
        raise ValueError(f"an embedding needs features, each once; got {pairs}")
    features: list[Feature] = []
    start = 0
    for block, kind in pairs:
        if not 0 <= block < len(tower.blocks):
            raise ValueError(f"there is no block {block}; blocks are 0 to {len(tower.blocks) - 1}")
        stop = start + (tower.class_width(block) if kind == "class" else tower.width)
        features.append(Feature(block, kind, start, stop))
        start = stop
    return tuple(features)
