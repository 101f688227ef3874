"""Which maps say what the score hangs on? Deletion, insertion and MuFidelity, method by method.

Each image is masked along each method's order and in random subsets, encoded again, and scored.
All methods explain the same score of the same images, so that they are compared in pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.command import Figures
from workbench.analysis.encoder import Encoder
from workbench.analysis.faithfulness import (
    area_under,
    blurred,
    mu_fidelity,
    random_subsets,
    removed_by_deletion,
    removed_by_insertion,
    without_patches,
)
from workbench.analysis.metrics import mean_with_interval

METRICS = ("deletion", "insertion", "mu_fidelity")
BATCH = 32
BLUR = 12.0
"""Pixels: nearly a patch, so that a removed patch keeps its colour and nothing else."""
CELL = 2
"""Patches a side of what MuFidelity's subsets are made of: 8 x 8 cells of 16 x 16 patches."""

Values = dict[str, dict[str, NDArray[np.float64]]]
"""By metric and method, one number an image. High is good: deletion is turned around."""


@dataclass(frozen=True)
class Effort:
    """How many steps a curve has, and how many subsets an image."""

    steps: int
    subsets: int


@dataclass(frozen=True)
class Subject:
    """Images to explain."""

    pixels: Tensor
    """Preprocessed."""
    side: Tensor
    """Of each image: +1 where fake, -1 where real."""
    group: NDArray[np.str_]
    """Source of each image."""
    maps: Mapping[str, Tensor]
    """By method, (image, patch): larger where a patch speaks for the image's side."""


def measure(
    encoder: Encoder, logit: Callable[[Tensor], Tensor], subject: Subject, effort: Effort
) -> Values:
    """Every metric of every method; `logit` takes embeddings, the score is side times logit."""
    subsets = random_subsets(
        encoder.grid, effort.subsets, cell=CELL, generator=torch.Generator().manual_seed(0)
    )
    found: dict[str, dict[str, list[float]]] = {
        metric: {method: [] for method in subject.maps} for metric in METRICS
    }
    for place in range(len(subject.pixels)):
        maps = {method: each[place : place + 1] for method, each in subject.maps.items()}
        masks = _masks(maps, subsets, effort.steps)
        score = subject.side[place] * logit(_embed(encoder, subject.pixels[place], masks))
        for metric, values in _metrics(score, maps, subsets, effort.steps).items():
            for method, value in values.items():
                found[metric][method].append(value)
    return {
        metric: {method: np.array(each) for method, each in values.items()}
        for metric, values in found.items()
    }


def _masks(maps: Mapping[str, Tensor], subsets: Tensor, steps: int) -> Tensor:
    """All that is asked of one image: whole, gone, each curve between the two, the subsets."""
    ends = removed_by_deletion(next(iter(maps.values())), 1)[0]
    curves = [
        removed(each, steps)[0, 1:-1]
        for each in maps.values()
        for removed in (removed_by_deletion, removed_by_insertion)
    ]
    return torch.cat([ends, *curves, subsets])


def _embed(encoder: Encoder, pixels: Tensor, removed: Tensor) -> Tensor:
    filling = blurred(pixels, sigma=BLUR)
    return torch.cat(
        [
            encoder.encode(without_patches(pixels, filling, part, encoder.grid)).embedding
            for part in removed.split(BATCH)
        ]
    )


def _metrics(
    score: Tensor, maps: Mapping[str, Tensor], subsets: Tensor, steps: int
) -> dict[str, dict[str, float]]:
    """From the scores of one image's `_masks`."""
    whole, gone = score[:1], score[1:2]
    fall = (whole - score[len(score) - len(subsets) :])[None]
    curves = score[2 : len(score) - len(subsets)].split(steps - 1)
    deletion, insertion = curves[::2], curves[1::2]
    return {
        "deletion": {
            method: -float(area_under(torch.cat([whole, curve, gone])))
            for method, curve in zip(maps, deletion, strict=True)
        },
        "insertion": {
            method: float(area_under(torch.cat([gone, curve, whole])))
            for method, curve in zip(maps, insertion, strict=True)
        },
        "mu_fidelity": {
            method: float(mu_fidelity(each, subsets, fall)) for method, each in maps.items()
        },
    }


def comparisons(values: Values, group: NDArray[np.str_], default: str) -> Figures:
    """The default's lead over each rival, with its interval, and in how many it is above zero."""
    figures: Figures = {}
    wins = []
    for metric, by_method in values.items():
        for method, each in by_method.items():
            figures[f"{metric} {method}"] = float(np.mean(each))
        for method, each in by_method.items():
            if method != default:
                lead = mean_with_interval(by_method[default] - each, group, seed=0)
                figures[f"{metric} over {method}"] = [lead.value, lead.low, lead.high]
                wins.append(lead.low > 0)
    return figures | {"faithfulness_wins": sum(wins), "faithfulness_comparisons": len(wins)}
