"""Do the maps point at what was planted? Every method that explains a head.

Pointing game: share of images whose strongest patch lies on the mask (Zhang et al., IJCV 2018,
without their tolerance). Average precision: the patches' contributions as a score for lying on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from benchmarks.command import Figures
from benchmarks.explained import Explained, Models
from benchmarks.intervals import mean_with_interval
from benchmarks.planted import Planted
from workbench.analysis.metrics import auc
from workbench.analysis.relevance.methods import default_method

AT_ONCE = 32
"""Images whose tokens, keys and values are held at a time."""


@dataclass(frozen=True)
class Pointed:
    """How well maps lie on masks, image by image."""

    hit: NDArray[np.float64]
    precision: NDArray[np.float64]


def point(maps: NDArray[np.float64], masks: NDArray[np.bool_]) -> Pointed:
    """Of maps and masks, (image, patch); each mask has a patch at least."""
    pairs = list(zip(maps, masks, strict=True))
    return Pointed(
        hit=np.array([float(mask[each.argmax()]) for each, mask in pairs]),
        precision=np.array([average_precision_score(mask, each) for each, mask in pairs]),
    )


def measure(models: Models, truth: Planted) -> Figures:
    """On the held-out fakes that each distiller detects; the default also by kind."""
    default = default_method(models.default.encoder)
    found = {name: _localised(models, name, truth) for name in models.by_name}
    main = {
        "default": found["default"].pointed[default],
        "last_block": found["paper"].pointed["last_block"],
        "random": found["default"].pointed["random"],
    }
    figures: Figures = {"method": default, "chance": float(found["default"].masks.mean())}
    for name, each in main.items():
        figures[f"pointing_{name}"] = float(each.hit.mean())
        figures[f"average_precision_{name}"] = float(each.precision.mean())
    held_out = truth.held_out
    for name in models.by_name:
        figures[f"{name}: auc"] = auc(models.fake[held_out], models.logits[name][held_out])
        figures[f"{name}: n"] = len(found[name].masks)
        for method, each in found[name].pointed.items():
            for key, values in (("pointing", each.hit), ("average precision", each.precision)):
                mean = mean_with_interval(values, found[name].group, seed=0)
                figures[f"{name}: {key}, {method}"] = [mean.value, mean.low, mean.high]
    return figures | by_kind(found["default"], default, truth)


def by_kind(found: Localised, method: str, truth: Planted) -> Figures:
    """By kind, shape and size of what is planted, on held-out fakes.

    The share that is detected; of these, pointing and average precision.
    """
    pointed = found.pointed[method]
    figures: Figures = {}
    for what, values in (
        ("kind", truth.kinds),
        ("shape", truth.shapes),
        ("size", truth.sizes),
    ):
        for value in np.unique(values[truth.held_out & (values != "")]).tolist():
            there = int((truth.held_out & (values == value)).sum())
            own = values[found.indices] == value
            figures[f"{what} {value}: detected, pointing, average precision"] = [
                float(own.sum() / there),
                *(
                    (float(each[own].mean()) if own.any() else None)
                    for each in (pointed.hit, pointed.precision)
                ),
            ]
    return figures


@dataclass(frozen=True)
class Localised:
    """What a distiller detects, and how well each method lies on it."""

    indices: NDArray[np.int64]
    """Of the pictures; a mask that covers no patch cannot be pointed at."""
    group: NDArray[np.str_]
    masks: NDArray[np.bool_]
    pointed: dict[str, Pointed]


def _localised(models: Models, name: str, truth: Planted) -> Localised:
    model = models.by_name[name]
    right = models.called_right(name) & models.fake & truth.held_out
    all_masks = {
        index: truth.mask(index, *model.encoder.grid).ravel()
        for index in np.flatnonzero(right).tolist()
    }
    indices = np.array([index for index, mask in all_masks.items() if mask.any()])
    masks = np.stack([all_masks[index] for index in indices])
    maps = _contributions(models, model, indices, model.methods)
    maps["random"] = np.random.default_rng(0).normal(size=masks.shape)
    return Localised(
        indices=indices,
        group=np.array([truth.pictures[index].group for index in indices]),
        masks=masks,
        pointed={method: point(each, masks) for method, each in maps.items()},
    )


def _contributions(
    models: Models, model: Explained, indices: NDArray[np.int64], methods: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    found: dict[str, list[NDArray[np.float64]]] = {method: [] for method in methods}
    for part in np.array_split(indices, -(-len(indices) // AT_ONCE)):
        states = model.states(models.pixels(part), *methods)
        for method in methods:
            found[method].append(model.contributions(method, states).double().numpy())
    return {method: np.concatenate(parts) for method, parts in found.items()}
