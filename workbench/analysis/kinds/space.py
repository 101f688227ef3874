"""The space of kinds: where regions that do the same differently lie close to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor
from torch.nn import functional

from workbench.analysis.kinds.contrast import contrasts

COMPONENTS = 16
"""Most components of a side."""
CONCEPT_WEIGHT = 0.5
"""Length that what a region shows has beside what it does differently.

Planted patterns, 18 kinds: their agreement with patterns (adjusted mutual information, 25 patterns)
is 0.58 at 0.4, 0.53 at 0.55, 0.54 at 0.7. Patterns of faces, where kinds are weak, are the steadier
the more it is (mean Jaccard similarity over resamples 0.8 at 0.7).
"""


@dataclass(frozen=True)
class Side:
    """The components in which regions toward one label stand out from the other label's.

    components: of contrasts; none where regions do not stand out.
    origin: where regions of the other label lie on average.
    natural: the mean squared distance from there of other regions of that label.
    """

    components: Float[Tensor, "feature component"]
    origin: Float[Tensor, " component"]
    natural: float

    def place(
        self, contrast: Float[Tensor, "region feature"]
    ) -> tuple[Float[Tensor, "region component"], Float[Tensor, " region"]]:
        """Compute each region's direction, of norm 1, and how far it stands out, in [0, 1].

        That is the factor of James and Stein (1961), positive part: 0 within what is natural, near
        1 far outside.
        """
        found = contrast @ self.components - self.origin
        squared = found.square().sum(dim=1)
        apart = 1 - self.natural / squared.clamp_min(1e-12)
        # Without components all squares are 0, and so is what is natural.
        return functional.normalize(found, dim=1), torch.where(squared > self.natural, apart, 0.0)


@dataclass(frozen=True)
class Kinds:
    """What regions toward fake do differently, and what regions toward real do.

    blocks: whose tokens are contrasted.
    """

    blocks: tuple[int, ...]
    fake: Side
    real: Side


def directions(
    kinds: Kinds | None,
    tokens: Float[Tensor, "block patch channel"],
    areas: Float[ndarray, "group patch"],
    by_patch: Float[ndarray, "dimension patch"],
    by_group: Float[ndarray, "group dimension"],
) -> Float[ndarray, "group part"]:
    """Describe the pixel groups of one image by kind, and by what they show.

    Of the parts, `COMPONENTS` are of each side's kinds: the direction of the group's contrast, as
    long as it stands out (`Side.place`), 0 on the other side. K are the square roots of the shares
    that the dimensions have of the group's contribution, taken as positive; the less the group
    stands out, the longer they are, up to `CONCEPT_WEIGHT`. 0 for a group that contributes nothing.
    Within its group a patch counts by its contribution, as far as that has the group's sign, and it
    is compared with the patches outside of all groups of that sign.

    by_patch: contributions in logits.
    """
    found = np.zeros((len(areas), 2 * COMPONENTS + by_group.shape[1]), dtype=np.float32)
    apart = np.zeros(len(areas), dtype=np.float32)
    total = by_group.sum(axis=1)
    sides = () if kinds is None else ((kinds.fake, 1.0), (kinds.real, -1.0))
    for number, (side, sign) in enumerate(sides):
        chosen = np.flatnonzero(sign * total > 0)
        if not len(chosen) or not side.components.shape[1]:
            continue
        inside, outside = _weights(areas[chosen], sign * by_patch.sum(axis=0))
        contrast = contrasts(tokens.float(), torch.from_numpy(inside), torch.from_numpy(outside))
        direction, length = side.place(contrast)
        apart[chosen] = length.numpy()
        start = number * COMPONENTS
        placed = (direction * length[:, None]).numpy()
        found[chosen, start : start + placed.shape[1]] = placed
    shown = _shares(by_group)
    left = CONCEPT_WEIGHT * np.sqrt(1 - apart**2)
    found[:, 2 * COMPONENTS :] = np.sqrt(shown) * left[:, None]
    found[~_contributes(by_group)] = 0
    return found


def _weights(
    areas: Float[ndarray, "group patch"], evidence: Float[ndarray, " patch"]
) -> tuple[Float[ndarray, "group patch"], Float[ndarray, "group patch"]]:
    inside = areas * evidence.clip(min=0)
    inside = np.where(inside.any(axis=1, keepdims=True), inside, areas)
    outside = (1 - areas.sum(axis=0)).clip(min=0)
    return inside.astype(np.float32), np.tile(outside.astype(np.float32), (len(areas), 1))


def _contributes(by_group: Float[ndarray, "group dimension"]) -> Bool[ndarray, " group"]:
    contributes: Bool[ndarray, " group"] = np.abs(by_group).sum(axis=1) > 0
    return contributes


def _shares(by_group: Float[ndarray, "group dimension"]) -> Float[ndarray, "group dimension"]:
    size = np.abs(by_group)
    shares: Float[ndarray, "group dimension"] = size / size.sum(axis=1, keepdims=True).clip(
        min=1e-30
    )
    return shares
