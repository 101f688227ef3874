"""Are planted kinds found as patterns, and do patterns do what they claim?

Pixel groups of all images are clustered as the workbench does it. Adjusted mutual information holds
the patterns to the planted kinds, among the groups toward fake that lie with at least half of their
area on a mask: of held-out photographs alone, and of all; unclustered groups are a cluster of their
own. The effect is measured as the workbench does it, and ranked against the mean contribution.

The fills are held to the truth on rightly detected fakes of held-out photographs: what putting the
untouched photograph's pixels back does to the logit. Correlations (Pearson) are over pixel groups,
of the change by removal alone, and beyond its controls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import islice
from time import perf_counter

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.command import Figures, run
from benchmarks.distilling import distil
from benchmarks.encoded import BATCH, batches, default_encoder, normalised
from benchmarks.planted import Planted, planted
from workbench.analysis.distiller.cross_fitted import CrossFittedHeads
from workbench.analysis.distiller.folds import NO_FOLD, divide
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.training_set import TrainingSet
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.metrics import auc
from workbench.analysis.regions.counterfactual import FILLS, with_controls
from workbench.analysis.regions.patterns import (
    UNCLUSTERED,
    cluster_groups,
    effect_agreement,
    stability,
)
from workbench.analysis.regions.pixel_groups import (
    PixelGroup,
    decode_mask,
    join_superpixels,
    superpixels,
)
from workbench.analysis.relevance.evidence import directions, evidence
from workbench.analysis.relevance.methods import attribute, default_method, needs
from workbench.config import Settings
from workbench.services.models.inference import logits_of
from workbench.services.pipeline.pattern_effects import CONTROLS, Example, effect_of, one_an_image

SEED = 0
SIDE = 224
ON_MASK = 0.5
FILLED_GROUPS = 60
QUICK_FILLED_GROUPS = 15
STRONGEST = 2
"""Pixel groups of an image that the fills are held to the truth on."""


@dataclass(frozen=True)
class Explained:
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


def measure(quick: bool) -> Figures:
    """Train on the photographs that are not held out; explain, cluster and edit all."""
    explained = _explained(planted(quick=quick))
    kinds = _kinds(explained)
    started = perf_counter()
    numbers = cluster_groups(
        explained.directions, explained.contributions, explained.pictures, seed=SEED
    )
    clustered = perf_counter()
    stable = stability(
        explained.directions, explained.contributions, numbers, explained.pictures, seed=SEED
    )
    resampled = perf_counter()
    held_out = explained.truth.held_out[explained.pictures]
    on_mask = kinds != ""
    fake = np.array([picture.fake for picture in explained.truth.pictures])
    return {
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
        "seconds_resampling": resampled - clustered,
        **_effects(explained, numbers),
        **_fills(explained, QUICK_FILLED_GROUPS if quick else FILLED_GROUPS),
    }


def _explained(truth: Planted) -> Explained:
    encoder = default_encoder()
    parts = needs(default_method(encoder), encoder)
    states = [
        _cast(encoder.encode(encoder.preprocess(batch), parts), torch.half)
        for batch in batches([picture.path for picture in truth.pictures])
    ]
    embedding = torch.cat([state.embedding for state in states])
    head = _head(truth, encoder, embedding)
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
    return Explained(
        truth, encoder, head, logits, groups, np.array(pictures), np.concatenate(parts_of)
    )


def _cast(state: Penultimate, kind: torch.dtype) -> Penultimate:
    """The state with its parts, which are many times larger than the embedding, of another type."""
    parts = {
        part.name: getattr(state, part.name).to(kind)
        for part in fields(state)
        if part.name != "embedding"
    }
    return replace(state, **parts)


def _head(truth: Planted, encoder: Encoder, embedding: torch.Tensor) -> DistilledHead:
    chosen = np.flatnonzero(~truth.held_out)
    fake = np.array([truth.pictures[index].fake for index in chosen])
    group = np.unique([truth.pictures[index].group for index in chosen], return_inverse=True)[1]
    data = TrainingSet(
        embedding[chosen],
        torch.from_numpy(fake).float(),
        torch.ones(len(chosen)),
        group,
        divide(fake, group).by_image,
    )
    return distil(data, encoder.features).head


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


def _kinds(explained: Explained) -> NDArray[np.str_]:
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


def _information(
    kinds: NDArray[np.str_], numbers: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> float:
    return float(adjusted_mutual_info_score(kinds[chosen], numbers[chosen]))


def _effects(explained: Explained, numbers: NDArray[np.int64]) -> Figures:
    claimed, measured = [], []
    most = Settings().effect_images
    contribution = explained.by_dimension.sum(axis=1)
    for number in range(int(numbers.max(initial=UNCLUSTERED)) + 1):
        members = np.flatnonzero(numbers == number)
        chosen = members[one_an_image(explained.pictures[members], most, seed=SEED + number)]
        effect = effect_of(
            [_example(explained, index) for index in chosen],
            explained.encoder,
            CrossFittedHeads(explained.head),
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


def _example(explained: Explained, group: int) -> Example:
    picture = int(explained.pictures[group])
    logit = float(explained.logits[picture])
    return Example(explained.pixels(picture), explained.mask(group), logit, NO_FOLD)


def _fills(explained: Explained, most: int) -> Figures:
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
        heads, folds = CrossFittedHeads(explained.head), np.full(len(edited), NO_FOLD)
        after = np.array(logits_of(edited, explained.encoder, heads, folds))
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


def _groups_with_truth(explained: Explained) -> NDArray[np.int64]:
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
    run(__doc__ or "", measure)
