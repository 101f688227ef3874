"""Which maps say what the score hangs on? Deletion, insertion and MuFidelity, method by method.

Each image is masked along each method's order and in random subsets, encoded again, and scored.
All methods explain the same score of the same images, so that they are compared in pairs.

A removed patch shows the image's mean colour. Every filling disturbs a detector of fakes. On 24
planted images, a quarter or a half of the patches filled with it at random moved the logit least
(by 0.6 to 1.1 toward fake, against 1.2 to 2.8 by a blur or by inpainting), and an image of that
colour alone has a logit near 0. A blur, moreover, is one of the edits that are planted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.encoded import PATCH_TOKENS
from benchmarks.faithfulness_metrics import (
    area_under,
    mean_colour,
    mu_fidelity,
    random_subsets,
    removed_by_deletion,
    removed_by_insertion,
    without_patches,
)
from benchmarks.intervals import mean_with_interval
from workbench.analysis.encoders.protocol import Encoder, Penultimate

DEFAULT = "default"
RIVALS = ("last_block", "attention", "random", "centre")
METRICS = ("deletion", "insertion", "mu_fidelity")
BATCH = 32
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
    maps: Mapping[str, Tensor]
    """By method, (image, patch): larger where a patch speaks for the image's side."""


def measure(
    encoder: Encoder,
    logits: Mapping[str, Callable[[Penultimate], Tensor]],
    subject: Subject,
    effort: Effort,
) -> dict[str, Values]:
    """Every metric of every method for each of the scores, which are side times logit.

    `logits` take the encoder's states with patch tokens; images are encoded once for all of them.
    """
    subsets = random_subsets(
        encoder.grid, effort.subsets, cell=CELL, generator=torch.Generator().manual_seed(0)
    )
    found: dict[str, list[dict[str, dict[str, float]]]] = {name: [] for name in logits}
    for index, pixels in enumerate(subject.pixels):
        maps = {method: each[index : index + 1] for method, each in subject.maps.items()}
        masked = _logits(encoder, logits, pixels, _masks(maps, subsets, effort.steps))
        for name, logit in masked.items():
            found[name].append(_metrics(subject.side[index] * logit, maps, subsets, effort.steps))
    return {
        name: {
            metric: {
                method: np.array([each[metric][method] for each in images])
                for method in subject.maps
            }
            for metric in METRICS
        }
        for name, images in found.items()
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


def _logits(
    encoder: Encoder,
    logits: Mapping[str, Callable[[Penultimate], Tensor]],
    pixels: Tensor,
    removed: Tensor,
) -> dict[str, Tensor]:
    """Each score of one image without these patches."""
    filling = mean_colour(pixels)
    found: dict[str, list[Tensor]] = {name: [] for name in logits}
    for part in removed.split(BATCH):
        masked = without_patches(pixels, filling, part, encoder.grid)
        state = encoder.encode(masked, PATCH_TOKENS)
        for name, logit in logits.items():
            found[name].append(logit(state))
    return {name: torch.cat(parts) for name, parts in found.items()}


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


def together(sets: Sequence[tuple[Values, NDArray[np.str_]]]) -> tuple[Values, NDArray[np.str_]]:
    """The images of several sets as one, with their sources."""
    first = sets[0][0]
    values = {
        metric: {
            method: np.concatenate([each[metric][method] for each, _ in sets])
            for method in first[metric]
        }
        for metric in first
    }
    return values, np.concatenate([group for _, group in sets])


@dataclass(frozen=True)
class Verdict:
    """The default's lead over each rival, and in how many comparisons it is clear of zero."""

    means: dict[str, dict[str, float]]
    """By metric and method."""
    leads: dict[str, dict[str, list[float]]]
    """By metric and rival: mean of the paired differences, and their 95% interval."""
    wins: int
    comparisons: int


def judge(values: Values, group: NDArray[np.str_]) -> Verdict:
    """Hold the default to its rivals, image by image; intervals resample sources."""
    leads = {
        metric: {rival: _interval(by_method[DEFAULT] - by_method[rival], group) for rival in RIVALS}
        for metric, by_method in values.items()
    }
    clear = [low > 0 for each in leads.values() for _, low, _ in each.values()]
    means = {
        metric: {method: float(np.mean(each)) for method, each in by_method.items()}
        for metric, by_method in values.items()
    }
    return Verdict(means, leads, sum(clear), len(clear))


def _interval(values: NDArray[np.float64], group: NDArray[np.str_]) -> list[float]:
    found = mean_with_interval(values, group, seed=0)
    return [found.value, found.low, found.high]
