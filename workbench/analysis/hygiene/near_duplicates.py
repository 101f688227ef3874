"""Near duplicates: candidates by perceptual hash, confirmed by the pixels of their thumbnails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from jaxtyping import Integer
from numpy import ndarray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

MOST_BITS: Final = 5
"""Hashes of near duplicates differ in so many of 64 bits at most.

Of copies saved at JPEG quality 25 or more, scaled by half or made brighter, 99% differ in 3 or
fewer; of faces cut out alike, the nearest two of 20,000 pairs in 7.
"""

MOST_DIFFERENCE: Final = 0.25
"""Their thumbnails differ by so much of their own contrast at most: such copies by less than 0.1,
the nearest two of the same faces by 0.5."""

MOST_COMPARED: Final = 8
"""With so many candidates an image is compared: flat pictures have hashes that are much alike."""

_BLOCK: Final = 2_000_000
"""Pairs of hashes that are compared at once."""

Hashes = Integer[ndarray, " image"]


def distances(hashes: Hashes, to: int) -> Integer[ndarray, " image"]:
    """In how many bits each hash differs from another one."""
    return np.asarray(np.bitwise_count(hashes ^ np.int64(to)))


def candidates(hashes: Hashes, to: int) -> list[int]:
    """Indexes of the hashes that are near another one, the nearest first; at most 8."""
    if not len(hashes):
        return []
    bits = distances(hashes, to)
    near = np.flatnonzero(bits <= MOST_BITS)
    order = np.argsort(bits[near], kind="stable")[:MOST_COMPARED]
    return [int(each) for each in near[order]]


def pairs(hashes: Hashes) -> Iterator[tuple[int, int]]:
    """Pairs of images whose hashes are near, each once; of an image with many its nearest."""
    rows = max(_BLOCK // max(len(hashes), 1), 1)
    for start in range(0, len(hashes), rows):
        block = hashes[start : start + rows]
        bits = np.bitwise_count(block[:, None] ^ hashes[None, start:])
        for row in np.flatnonzero((bits <= MOST_BITS).sum(axis=1) > 1):
            after = bits[row, row + 1 :]
            near = np.flatnonzero(after <= MOST_BITS)
            for each in near[np.argsort(after[near], kind="stable")][:MOST_COMPARED]:
                yield start + int(row), start + int(row) + 1 + int(each)


def clusters(count: int, found: list[tuple[int, int]]) -> list[Integer[ndarray, " member"]]:
    """Join pairs to clusters of two images or more, in the order of their first images."""
    if not found:
        return []
    first, second = np.array(found, dtype=np.int64).T
    graph = coo_array((np.ones(len(first), np.bool_), (first, second)), shape=(count, count))
    label = connected_components(graph, directed=False)[1]
    order = np.argsort(label, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return sorted((part for part in parts if len(part) > 1), key=lambda part: int(part[0]))


def near_duplicates(
    hashes: Hashes, difference: Callable[[int, int], float | None]
) -> list[tuple[int, int]]:
    """Pairs of near duplicates; `difference` is None where an image is lost."""
    return [
        pair
        for pair in pairs(hashes)
        if (found := difference(*pair)) is not None and found <= MOST_DIFFERENCE
    ]
