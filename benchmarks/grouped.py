"""Pictures under a distiller, with the pixel groups of all of them, as in a version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.distilling import distil_some, logits_of
from benchmarks.encoded import Encoded, default_encoder, encode, normalised
from benchmarks.planted import Planted
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.kinds.contrast import tokens_of_blocks
from workbench.analysis.kinds.space import Kinds, directions
from workbench.analysis.regions.pixel_groups import (
    PixelGroup,
    decode_mask,
    join_superpixels,
    superpixels,
)
from workbench.analysis.relevance.methods import attribute, default_method

SIDE = 224
ON_MASK = 0.5
"""Share of a pixel group's area that lies on a mask, for the group to be of its kind."""


@dataclass(frozen=True)
class Grouped:
    """Pictures under cross-fitted heads, and the pixel groups of all of them, as arrays.

    folds: of the pictures; of held-out ones `NO_FOLD`.
    logits: of the pictures.
    """

    truth: Planted
    encoder: Encoder
    heads: CrossFittedHeads[ConceptHead]
    folds: NDArray[np.int64]
    logits: NDArray[np.float32]
    groups: list[PixelGroup]
    pictures: NDArray[np.int64]
    """Which picture each group is of."""
    directions: NDArray[np.float64]
    """Where the groups lie by kind and by what they show."""

    @property
    def by_dimension(self) -> NDArray[np.float64]:
        """Contributions of the groups, (group, dimension)."""
        return np.array([group.by_dimension for group in self.groups], dtype=np.float64)

    @property
    def contributions(self) -> NDArray[np.float64]:
        """C(g) of the groups in logits."""
        total: NDArray[np.float64] = self.by_dimension.sum(axis=1)
        return total

    def pixels(self, picture: int) -> NDArray[np.uint8]:
        """A picture as the workbench's import makes it."""
        return np.asarray(normalised(self.truth.pictures[picture].path))

    def untouched(self, picture: int) -> NDArray[np.uint8]:
        """The same window of the photograph without the edit."""
        path = self.truth.pictures[picture].path
        return np.asarray(normalised(path.parent.parent / "real" / path.name))

    def mask(self, group: int) -> NDArray[np.uint8]:
        """Where a group lies in its picture."""
        return decode_mask(self.groups[group].rle, SIDE)


def grouped(truth: Planted) -> Grouped:
    """Train on the pictures that are not held out; explain all, each by the head of its fold."""
    encoder = default_encoder()
    encoded = encode(encoder, truth.pictures)
    rows = np.flatnonzero(~truth.held_out)
    distilled = distil_some(encoder, encoded, rows)
    folds = np.full(len(truth.pictures), NO_FOLD)
    folds[rows] = encoded.training_set(rows).fold
    groups: list[PixelGroup] = []
    pictures: list[int] = []
    placed: list[NDArray[np.float32]] = []
    logits = np.empty(len(folds), dtype=np.float32)
    for fold in np.unique(folds).tolist():
        head, own = distilled.heads.head_of(fold), np.flatnonzero(folds == fold)
        logits[own] = logits_of(head, encoder, encoded, own)
        for number, found, places in _pixel_groups(encoder, head, distilled.kinds, encoded, own):
            groups += found
            pictures += [number] * len(found)
            placed.append(places)
    everything = np.concatenate(placed).astype(np.float64)
    return Grouped(
        truth, encoder, distilled.heads, folds, logits, groups, np.array(pictures), everything
    )


def kinds_of(explained: Grouped) -> NDArray[np.str_]:
    """The planted kind of each group toward fake on a mask; empty for the others."""
    truth = explained.truth
    planted_on = {
        int(picture): truth.mask(picture, SIDE, SIDE)
        for picture in np.unique(explained.pictures)
        if truth.kinds[picture]
    }
    kinds = np.full(len(explained.groups), "", dtype=truth.kinds.dtype)
    for index, (group, picture) in enumerate(
        zip(explained.groups, explained.pictures.tolist(), strict=True)
    ):
        if picture not in planted_on or group.contribution <= 0:
            continue
        inside = (explained.mask(index) > 0) & planted_on[picture]
        if inside.sum() >= ON_MASK * group.area:
            kinds[index] = truth.kinds[picture]
    return kinds


def _pixel_groups(
    encoder: Encoder, head: ConceptHead, kinds: Kinds, encoded: Encoded, rows: NDArray[np.int64]
) -> Iterator[tuple[int, list[PixelGroup], NDArray[np.float32]]]:
    """The pixel groups of each of these pictures that has some, its index, their directions."""
    method = default_method(encoder)
    for places, state in encoded.in_batches(rows):
        maps = attribute(method, encoder, head, state).maps * head.logit_weight[:, None]
        tokens = tokens_of_blocks(state, encoder.features, kinds.blocks)
        for number, of_image, own in zip(rows[places].tolist(), maps.numpy(), tokens, strict=True):
            pixels = np.asarray(normalised(encoded.pictures[number].path))
            found = join_superpixels(superpixels(pixels), of_image, encoder.grid)
            if found:
                areas = np.stack([group.areas for group in found])
                by_group = np.stack([group.by_dimension for group in found])
                yield number, found, directions(kinds, own, areas, of_image, by_group)
