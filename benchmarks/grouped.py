"""Planted pictures under a distiller, with the pixel groups of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.distilling import distil
from benchmarks.encoded import BATCH, batches, default_encoder, normalised, training_set
from benchmarks.planted import Planted
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.regions.pixel_groups import (
    PixelGroup,
    decode_mask,
    join_superpixels,
    superpixels,
)
from workbench.analysis.relevance.evidence import directions, evidence
from workbench.analysis.relevance.methods import attribute, default_method, needs

SIDE = 224
ON_MASK = 0.5
"""Share of a pixel group's area that lies on a mask, for the group to be of its kind."""


@dataclass(frozen=True)
class Grouped:
    """Planted pictures under a distiller, and the pixel groups of all of them, as arrays."""

    truth: Planted
    encoder: Encoder
    head: DistilledHead
    logits: NDArray[np.float32]
    groups: list[PixelGroup]
    pictures: NDArray[np.int64]
    """Which picture each group is of."""
    directions: NDArray[np.float64]
    """Of the groups' evidence."""

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
    """Train on the photographs that are not held out; explain all pictures."""
    # Tokens of all pictures are held at once: encode in half the bytes.
    encoder = default_encoder()
    parts = needs(default_method(encoder), encoder)
    states = [
        _cast(encoder.encode(encoder.preprocess(batch), parts), torch.half)
        for batch in batches([picture.path for picture in truth.pictures])
    ]
    embedding = torch.cat([state.embedding for state in states])
    chosen = np.flatnonzero(~truth.held_out)
    training = training_set([truth.pictures[each] for each in chosen], embedding[chosen])
    head = distil(training, encoder.features).head
    groups: list[PixelGroup] = []
    pictures: list[int] = []
    parts_of: list[NDArray[np.float64]] = []
    for number, found in enumerate(_pixel_groups(truth, encoder, head, states)):
        groups += found
        pictures += [number] * len(found)
        if found:
            state = states[number // BATCH].subset(torch.tensor([number % BATCH]))
            areas = torch.from_numpy(np.stack([group.areas for group in found])).float()
            by_column = evidence(encoder, head, _cast(state, torch.float), areas[None])
            parts_of.append(directions(by_column)[0].double().numpy())
    logits = head.logit(embedding).numpy()
    return Grouped(
        truth, encoder, head, logits, groups, np.array(pictures), np.concatenate(parts_of)
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


def _cast(state: Penultimate, kind: torch.dtype) -> Penultimate:
    """The state with its parts, which are many times larger than the embedding, of another type."""
    parts = {
        part.name: getattr(state, part.name).to(kind)
        for part in fields(state)
        if part.name != "embedding"
    }
    return replace(state, **parts)


def _pixel_groups(
    truth: Planted,
    encoder: Encoder,
    head: DistilledHead,
    states: list[Penultimate],
) -> Iterator[list[PixelGroup]]:
    method = default_method(encoder)
    paths = iter(truth.pictures)
    for state in states:
        maps = attribute(method, encoder, head, _cast(state, torch.float)).maps
        maps = maps * head.logit_weight[:, None]
        for picture, each in zip(islice(paths, BATCH), maps.numpy(), strict=True):
            yield join_superpixels(
                superpixels(np.asarray(normalised(picture.path))), each, encoder.grid
            )
