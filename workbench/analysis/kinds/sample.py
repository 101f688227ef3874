"""Regions of training images to learn kinds from: at random, and where evidence is strongest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from torch import Tensor

from workbench.analysis.kinds.contrast import contrasts

Grid = tuple[int, int]

DRAWN = 8
"""Random regions of an image."""
SMALLEST, LARGEST = 0.03, 0.3
"""Their shares of the image's area; sizes between are as likely on a scale of logarithms."""
ELONGATED = 0.7
"""Most |logarithm| of the ratio of their axes."""
STRONGEST = 1 / 16
"""Share of the patches that are a region of most evidence."""
COMPARED = 3 / 4
"""Share of the patches, those of least evidence, that such a region is compared with."""


@dataclass(frozen=True)
class Sample:
    """Contrasts of regions of training images, in half precision.

    drawn: of ellipses at random.
    toward_fake, toward_real: of the patches of most evidence toward each side.
    """

    drawn: Float[Tensor, "image drawn feature"]
    toward_fake: Float[Tensor, "image feature"]
    toward_real: Float[Tensor, "image feature"]

    @classmethod
    def joined(cls, parts: list[Sample]) -> Sample:
        """Concatenate the samples of several batches, at least one."""
        names = ("drawn", "toward_fake", "toward_real")
        return cls(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


def sample_regions(
    tokens: Float[Tensor, "image block patch channel"],
    evidence: Float[Tensor, "image patch"],
    grid: Grid,
    seeds: Integer[ndarray, " image"],
) -> Sample:
    """Compare regions of each image with the rest of it (`contrasts`).

    seeds: of each image's random regions, which so do not depend on its batch.
    """
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for own, weight, seed in zip(tokens.float(), evidence, seeds.tolist(), strict=True):
        ellipses = draw_ellipses(DRAWN, grid, np.random.default_rng(seed))
        inside, outside = zip(strongest(weight), strongest(-weight), strict=True)
        drawn = contrasts(own, ellipses, 1 - ellipses)
        sides = contrasts(own, torch.stack(inside), torch.stack(outside))
        found.append((drawn.half(), sides[0].half(), sides[1].half()))
    drawn_all, fake, real = zip(*found, strict=True)
    return Sample(torch.stack(drawn_all), torch.stack(fake), torch.stack(real))


def strongest(evidence: Float[Tensor, " patch"]) -> tuple[Tensor, Tensor]:
    """Weigh the patches of most evidence by it, and choose those to compare them with.

    Where no patch has positive evidence, the first of them count the same.
    """
    order = evidence.argsort(descending=True, stable=True)
    count = max(round(STRONGEST * len(evidence)), 1)
    inside = torch.zeros(len(evidence))
    inside[order[:count]] = evidence[order[:count]].clamp_min(0)
    if not bool(inside.any()):
        inside[order[:count]] = 1
    outside = torch.zeros(len(evidence))
    outside[order[len(evidence) - int(COMPARED * len(evidence)) :]] = 1
    return inside, outside


def draw_ellipses(
    count: int, grid: Grid, random: np.random.Generator
) -> Float[Tensor, "region patch"]:
    """Draw ellipses of any size, place and slant on the grid, cut off at its edges: 0 or 1."""
    rows, columns = grid
    y, x = np.mgrid[:rows, :columns] + 0.5
    found = np.zeros((count, rows, columns), dtype=np.float32)
    for each in found:
        area = np.exp(random.uniform(np.log(SMALLEST), np.log(LARGEST))) * rows * columns
        ratio = np.exp(random.uniform(-ELONGATED, ELONGATED))
        slant = random.uniform(0, np.pi)
        row, column = random.uniform(0, rows), random.uniform(0, columns)
        along = (y - row) * np.cos(slant) + (x - column) * np.sin(slant)
        across = (x - column) * np.cos(slant) - (y - row) * np.sin(slant)
        each[along**2 / ratio + across**2 * ratio <= area / np.pi] = 1
        each[int(row), int(column)] = 1
    return torch.from_numpy(found.reshape(count, rows * columns))
