"""Are planted kinds found as patterns, and do patterns do what they claim?

Pixel groups of all images are clustered as the workbench does it. Adjusted mutual information holds
the patterns to the planted kinds, among the groups toward fake that lie with at least half of their
area on a mask: of held-out photographs alone, and of all; unclustered groups are a cluster of their
own. The effect is measured as the workbench does it, and ranked against the mean contribution.
The planted kinds are those to build with; keys that end in `_unseen_kinds` are of kinds that
nothing was chosen by, `_five_kinds` of the demo set's five (`benchmarks.planted`).

`stability_median` is of faces in which nothing is known to be planted, or of the last folder that
`--data` names: the median over their pixel groups of their pattern's stability.

The fills are held to the truth on rightly detected fakes of held-out photographs: what putting the
untouched photograph's pixels back does to the logit. Correlations (Pearson) are over pixel groups,
of the change by removal alone, and beyond its controls.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.command import Figures, run_on_folders
from benchmarks.encoded import BATCH
from benchmarks.grouped import Grouped, grouped, kinds_of
from benchmarks.ordinary import demo_folders, pictures
from benchmarks.planted import FIVE, SUFFIXES, nowhere_planted, planted
from benchmarks.planted_sets import ASIDE, BUILD
from workbench.analysis.metrics import auc
from workbench.analysis.regions.counterfactual import FILLS, with_controls
from workbench.analysis.regions.patterns import (
    UNCLUSTERED,
    Stability,
    cluster_groups,
    effect_agreement,
    stability,
)
from workbench.config import Settings
from workbench.services.models.inference import logits_of
from workbench.services.pipeline.pattern_effects import CONTROLS, Example, effect_of, one_an_image

SEED = 0
FILLED_GROUPS = 60
QUICK_FILLED_GROUPS = 15
STRONGEST = 2
"""Pixel groups of an image that the fills are held to the truth on."""


def measure(folders: list[Path], quick: bool) -> Figures:
    """On each set, train on the photographs that are not held out; explain and cluster all.

    Effects and fills are measured on the kinds to build with.
    """
    figures, explained, numbers = _clustered(BUILD, quick=quick)
    figures |= _effects(explained, numbers)
    figures |= _fills(explained, QUICK_FILLED_GROUPS if quick else FILLED_GROUPS)
    for name in (ASIDE, FIVE):
        found, *_ = _clustered(name, quick=quick)
        figures |= {f"{key}{SUFFIXES[name]}": value for key, value in found.items()}
    for folder in folders or demo_folders()[:1]:
        figures |= _ordinary(folder, quick=quick)
    return figures


def _ordinary(folder: Path, *, quick: bool) -> Figures:
    """How stable patterns are where nothing was planted."""
    explained = grouped(nowhere_planted(pictures(folder, quick=quick)))
    numbers, stable = _patterns(explained)
    by_pattern = stable.by_pattern
    by_group = [by_pattern[number] for number in numbers.tolist() if number in by_pattern]
    return {
        f"patterns {folder.name}": len(by_pattern),
        f"stability {folder.name}": stable.adjusted_rand,
        "stability_median": float(np.median(by_group)),
        f"stability_by_pattern {folder.name}": sorted(by_pattern.values()),
        f"unclustered {folder.name}": float((numbers == UNCLUSTERED).mean()),
    }


def _patterns(explained: Grouped) -> tuple[NDArray[np.int64], Stability]:
    groups = explained.directions, explained.contributions
    numbers = cluster_groups(*groups, explained.pictures, seed=SEED)
    return numbers, stability(*groups, numbers, explained.pictures, seed=SEED)


def _clustered(name: str, *, quick: bool) -> tuple[Figures, Grouped, NDArray[np.int64]]:
    """How well patterns agree with the kinds of one set; its pixel groups, and their patterns."""
    explained = grouped(planted(name, quick=quick))
    kinds = kinds_of(explained)
    started = perf_counter()
    numbers, stable = _patterns(explained)
    clustered = perf_counter()
    held_out = explained.truth.held_out[explained.pictures]
    on_mask = kinds != ""
    fake = np.array([picture.fake for picture in explained.truth.pictures])
    figures = {
        "auc": auc(fake[explained.truth.held_out], explained.logits[explained.truth.held_out]),
        "groups": len(numbers),
        "groups_on_masks": int(on_mask.sum()),
        "patterns": int(numbers.max(initial=UNCLUSTERED)) + 1,
        "adjusted_mutual_information": _information(kinds, numbers, on_mask & held_out),
        "adjusted_mutual_information_all": _information(kinds, numbers, on_mask),
        "unclustered_on_masks": float((numbers[on_mask] == UNCLUSTERED).mean()),
        "stability": stable.adjusted_rand,
        "stability_by_pattern": sorted(stable.by_pattern.values()),
        "seconds_clustering": clustered - started,
        **_by_kind(kinds, numbers),
    }
    return figures, explained, numbers


def _by_kind(kinds: NDArray[np.str_], numbers: NDArray[np.int64]) -> Figures:
    """Of each kind's groups: how many, and the share in the pattern that has most of them."""
    figures: Figures = {}
    for kind in np.unique(kinds[kinds != ""]).tolist():
        own = numbers[kinds == kind]
        most = np.bincount(own[own != UNCLUSTERED], minlength=1).max()
        figures[f"kind {kind}: groups, share in one pattern"] = [len(own), float(most / len(own))]
    return figures


def _information(
    kinds: NDArray[np.str_], numbers: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> float:
    return float(adjusted_mutual_info_score(kinds[chosen], numbers[chosen]))


def _effects(explained: Grouped, numbers: NDArray[np.int64]) -> Figures:
    claimed, measured = [], []
    most = Settings().effect_images
    contribution = explained.by_dimension.sum(axis=1)
    for number in range(int(numbers.max(initial=UNCLUSTERED)) + 1):
        members = np.flatnonzero(numbers == number)
        chosen = members[one_an_image(explained.pictures[members], most, seed=SEED + number)]
        effect = effect_of(
            [_example(explained, index) for index in chosen],
            explained.encoder,
            explained.heads,
            batch_size=BATCH,
            seed=SEED,
        )
        claimed.append(float(contribution[members].mean()))
        measured.append(effect.value)
    return {
        "effect_rank_correlation": effect_agreement(np.array(claimed), np.array(measured)),
        "claimed": claimed,
        "measured": measured,
    }


def _example(explained: Grouped, group: int) -> Example:
    picture = int(explained.pictures[group])
    logit = float(explained.logits[picture])
    return Example(
        explained.pixels(picture), explained.mask(group), logit, int(explained.folds[picture])
    )


def _fills(explained: Grouped, most: int) -> Figures:
    """How well each fill's change of the logit follows that of putting the truth back."""
    chosen = _groups_with_truth(explained)[:most]
    truths = []
    changes: dict[str, list[NDArray[np.float64]]] = {fill: [] for fill in FILLS}
    for index in chosen:
        picture = int(explained.pictures[index])
        pixels, mask = explained.pixels(picture), explained.mask(index)
        edited = [_restored(pixels, explained.untouched(picture), mask)]
        for fill in FILLS:
            edited += with_controls(pixels, mask, fill, controls=CONTROLS, seed=picture)
        folds = np.full(len(edited), explained.folds[picture])
        after = np.array(logits_of(edited, explained.encoder, explained.heads, folds))
        change = after - explained.logits[picture]
        truths.append(change[0])
        for fill, own in zip(FILLS, change[1:].reshape(len(FILLS), -1), strict=True):
            changes[fill].append(own)
    figures: Figures = {"filled_groups": len(chosen), "true_effect": float(np.mean(truths))}
    for fill, found in changes.items():
        each = np.array(found)
        beyond = each[:, 0] - each[:, 1:].mean(axis=1)
        figures[f"control_{fill}"] = float(each[:, 1:].mean())
        figures[f"correlation_alone_{fill}"] = float(np.corrcoef(each[:, 0], truths)[0, 1])
        figures[f"correlation_{fill}"] = float(np.corrcoef(beyond, truths)[0, 1])
        figures[f"error_{fill}"] = float(np.sqrt(np.mean((beyond - truths) ** 2)))
    return figures


def _groups_with_truth(explained: Grouped) -> NDArray[np.int64]:
    """The strongest groups of rightly detected held-out fakes, image by image at random."""
    truth = explained.truth
    fake = np.array([picture.fake for picture in truth.pictures])
    detected = np.flatnonzero(fake & truth.held_out & (explained.logits > 0))
    order = np.random.default_rng(SEED).permutation(detected)
    return np.concatenate(
        [np.flatnonzero(explained.pictures == picture)[:STRONGEST] for picture in order]
    )


def _restored(
    pixels: NDArray[np.uint8], untouched: NDArray[np.uint8], mask: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The picture with the photograph's own pixels in the hole that a removal makes."""
    hole = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    return np.where(hole[..., None] > 0, untouched, pixels).astype(np.uint8)


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
