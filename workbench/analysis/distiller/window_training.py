"""Training of window evidence: multiple-instance regression on whitened contrasts of windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from numpy import ndarray
from torch import Tensor

from workbench.analysis.cross_fitting.calibration import Calibration, counted_together
from workbench.analysis.cross_fitting.fit import CrossFitted, cross_fit
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.regression import fit_logistic
from workbench.analysis.distiller.window_evidence import (
    STRONGEST,
    Grid,
    WindowEvidence,
    scores_of_windows,
    strongest,
    weights_of_patches,
)

FEWEST = 24
"""Fewest images of each label: of fewer, windows cannot be told from chance."""
PARTS = 640
"""Most principal directions of natural windows that are read.

On planted patterns of 18 kinds 160, 320, 640 and all 1,536 give an AUC of 0.751, 0.797, 0.824 and
0.831 on held-out images: what gives an image away varies little naturally."""
RIDGE = 0.5
"""Added to the variances along these directions, over their median."""
NATURAL = 12_000
"""Windows that natural variances are measured on, of all images together."""
FEWEST_NATURAL = 8
"""Of each image, however many there are."""
SHARES: tuple[float, ...] = (1 / 2, STRONGEST, STRONGEST)
"""Share of each image's windows that a regression is fitted to, fit after fit; before each the
strongest windows are chosen anew."""
PENALTY = 0.1
"""Weight of the squared norm. From 0.03 to 0.3 AUC moves by less than 0.01."""
ANCHOR = 1.0
"""Weight of the squared norm of what a retrain changes in its parent's weights."""
BATCH = 32

CrossFittedWindows = CrossFitted[WindowEvidence]


def train_windows(
    tokens: Float[Tensor, "image block patch channel"],
    grid: Grid,
    data: TrainingSet,
    pooled: Float[ndarray, " image"],
    *,
    blocks: tuple[int, ...],
    parent: CrossFittedWindows | None = None,
) -> CrossFittedWindows | None:
    """Learn window evidence from training images, and from the outside of each fold.

    Contrasts of windows are whitened by those of windows at random, so that what varies naturally
    counts little. On them a logistic regression with a squared penalty is fitted to the mean of
    each image's strongest windows, which are chosen by what was fitted before (MI-SVM, Andrews et
    al. 2002), first the most unusual ones. It is calibrated by `cross_fit`. Whitening is a part of
    the fit: windows of an image that it has seen are smaller than those of one it has not. How much
    it counts beside pooled evidence is fitted last (`counted_together`), of a fold on the other
    folds. With a `parent` the penalty is `ANCHOR`, on the difference to its weights.

    tokens: of `blocks`, in half precision.
    data: of the same images; the embedding is not read.
    pooled: the images' pooled evidence, each by what was not learned from it, in logits.

    None where a label has fewer than `FEWEST` images, where all windows are alike, or where they
    tell nothing beside pooled evidence.
    """
    fake = data.labels
    if min(fake.sum(), (~fake).sum()) < FEWEST or not blocks:
        return None
    images = _Images(tokens, grid)
    natural = _Natural.of(images)
    if not bool(natural.drawn.any()):
        return None
    # What a learner is given as an image's embedding is where to find it.
    rows = replace(data, embedding=torch.arange(len(tokens), dtype=torch.float64)[:, None])
    learner = _Learner(images, natural)
    found = cross_fit(learner, rows, parent=None if parent is None else _known(parent))
    return _beside(found, learner, rows, pooled, blocks)


@dataclass(frozen=True)
class _Images:
    """Tokens of images, read some images at a time: all in single precision would not fit."""

    tokens: Float[Tensor, "image block patch channel"]
    grid: Grid

    @property
    def features(self) -> int:
        """The number of features of a contrast."""
        _images, blocks, _patches, channels = self.tokens.shape
        return blocks * channels

    def batches(self, rows: Integer[Tensor, " row"]) -> Iterator[Tensor]:
        """Read the tokens of some images."""
        for batch in torch.split(rows, BATCH):
            yield self.tokens[batch].float()

    def scores(
        self, rows: Integer[Tensor, " row"], weight: Float[Tensor, " feature"]
    ) -> Float[Tensor, " row"]:
        """Compute the mean score of each image's strongest windows."""
        found = [self._scored(tokens, weight) for tokens in self.batches(rows)]
        return torch.cat([_best(each).values.mean(dim=1) for each in found])

    def means_of_best(
        self, rows: Integer[Tensor, " row"], weight: Float[Tensor, " feature"], share: float
    ) -> Float[Tensor, "row feature"]:
        """Average the contrasts of a share of each image's windows, the strongest ones."""
        found = [
            self._means(tokens, _best(self._scored(tokens, weight), share).indices)
            for tokens in self.batches(rows)
        ]
        return torch.cat(found)

    def means(
        self, rows: Integer[Tensor, " row"], chosen: Integer[Tensor, "row chosen"]
    ) -> Float[Tensor, "row feature"]:
        """Average the contrasts of these windows of each image."""
        batches = zip(self.batches(rows), torch.split(chosen, BATCH), strict=True)
        return torch.cat([self._means(tokens, windows) for tokens, windows in batches])

    def contrasts(
        self, rows: Integer[Tensor, " row"], chosen: Integer[Tensor, "row chosen"]
    ) -> Float[Tensor, "row chosen feature"]:
        """Compute the contrast of each of these windows."""
        found = []
        for tokens, windows in zip(self.batches(rows), torch.split(chosen, BATCH), strict=True):
            each = weights_of_patches(windows.reshape(-1, 1), self.grid) - 1 / tokens.shape[2]
            by_block = each.reshape(len(tokens), 1, windows.shape[1], -1) @ tokens
            found.append(by_block.transpose(1, 2).flatten(2))
        return torch.cat(found)

    def _scored(self, tokens: Tensor, weight: Tensor) -> Float[Tensor, "row window"]:
        along = (tokens @ weight.reshape(tokens.shape[1], -1, 1)).sum(dim=(1, 3))
        return scores_of_windows(along - along.mean(dim=1, keepdim=True), self.grid)

    def _means(self, tokens: Tensor, chosen: Tensor) -> Float[Tensor, "row feature"]:
        of_patches = weights_of_patches(chosen, self.grid) - 1 / tokens.shape[2]
        return (of_patches[:, None, None] @ tokens).flatten(1)


def _best(
    scores: Float[Tensor, "image window"], share: float = STRONGEST
) -> torch.return_types.topk:
    return scores.topk(strongest(scores.shape[1], share), dim=1)


@dataclass(frozen=True)
class _Natural:
    """What windows are like where nothing is known of labels.

    drawn: contrasts of some windows of each image, in half precision.
    unusual: how far the patches of each window are from their image's mean, in squared standard
        deviations of the features.
    """

    drawn: Float[Tensor, "image drawn feature"]
    unusual: Float[Tensor, "image window"]

    @classmethod
    def of(cls, images: _Images) -> _Natural:
        random = np.random.default_rng(0)
        every = torch.arange(len(images.tokens))
        windows = scores_of_windows(images.tokens[:1, 0, :, 0].float(), images.grid).shape[1]
        count = min(max(NATURAL // len(every), FEWEST_NATURAL), windows)
        order = random.random((len(every), windows)).argsort(axis=1)[:, :count]
        drawn = images.contrasts(every, torch.from_numpy(order)).half()
        variance = drawn.float().square().mean(dim=(0, 1)).clamp_min(1e-12)
        by_block = variance.reshape(images.tokens.shape[1], 1, -1)
        far = []
        for tokens in images.batches(every):
            above = tokens - tokens.mean(dim=2, keepdim=True)
            far.append((above.square() / by_block).sum(dim=(1, 3)))
        return cls(drawn, scores_of_windows(torch.cat(far), images.grid))

    def whitening(self, rows: Integer[Tensor, " row"]) -> Float[Tensor, "feature part"]:
        """Compute axes along which windows of these images vary alike."""
        natural = self.drawn[rows].flatten(0, 1).float()
        natural = natural - natural.mean(dim=0)
        variances, axes = torch.linalg.eigh(natural.T @ natural / len(natural))
        kept = variances > 1e-6 * variances.max().clamp_min(1e-12)
        variances, axes = variances[kept][-PARTS:], axes[:, kept][:, -PARTS:]
        if not len(variances):
            return natural.new_zeros(natural.shape[1], 0)
        found: Tensor = axes * (variances + RIDGE * variances.median()).rsqrt()
        return found


@dataclass(frozen=True)
class _Learner:
    """Directions as a learner fits them; the first windows are those that are most unusual."""

    images: _Images
    natural: _Natural
    penalties: Sequence[float] = (PENALTY,)

    def fit(
        self, data: TrainingSet, penalties: Sequence[float], start: Tensor | None
    ) -> list[Tensor]:
        """Fit, near the start's weights where there are any."""
        rows = _rows(data)
        whitening = self.natural.whitening(rows)
        if start is not None and bool(start.any()):
            known, penalty, shares = start, ANCHOR, SHARES[-2:]
            means = self.images.means_of_best(rows, known, STRONGEST)
        else:
            known, penalty, shares = torch.zeros(self.images.features), penalties[0], SHARES
            first = _best(self.natural.unusual[rows], shares[0])
            means = self.images.means(rows, first.indices)
        weight = known
        for turn, share in enumerate(shares):
            if turn:
                means = self.images.means_of_best(rows, weight, share)
            change = fit_logistic(means @ whitening, data, penalty, offset=means @ known)
            weight = known + whitening @ change
        return [weight]

    def score(self, model: Tensor, data: TrainingSet) -> Float[ndarray, " image"]:
        """Compute the mean score of each image's strongest windows."""
        found: Float[ndarray, " image"] = self.images.scores(_rows(data), model).numpy()
        return found.astype(float)

    def calibrated(self, model: Tensor | None, calibration: Calibration) -> Tensor:
        """Bring scores to logits; the threshold is left to what gathers evidence."""
        return torch.zeros(self.images.features) if model is None else model * calibration.slope


def _rows(data: TrainingSet) -> Integer[Tensor, " row"]:
    return data.embedding[:, 0].long()


def _known(parent: CrossFittedWindows) -> CrossFitted[Tensor]:
    folds = {fold: each.weight.flatten() for fold, each in parent.folds.items()}
    return CrossFitted(parent.final.weight.flatten(), folds, parent.penalty)


def _beside(
    found: CrossFitted[Tensor],
    learner: _Learner,
    data: TrainingSet,
    pooled: Float[ndarray, " image"],
    blocks: tuple[int, ...],
) -> CrossFittedWindows | None:
    """Weigh windows and pooled evidence against each other, on cross-fitted scores of both."""
    scores = np.stack([pooled, np.zeros(len(pooled))], axis=1)
    for fold in np.unique(data.fold).tolist():
        inside = data.fold == fold
        scores[inside, 1] = learner.score(found.of_fold(fold), data.subset(inside))
    weight = data.weight.numpy().astype(float)

    def weighed(direction: Tensor, chosen: Bool[ndarray, " image"]) -> WindowEvidence:
        origin = float(scores[chosen, 1].mean())
        factors = counted_together(
            scores[chosen] - (0.0, origin), data.labels[chosen], weight[chosen]
        )
        own = direction.reshape(len(blocks), -1)
        return WindowEvidence(
            blocks, own, origin, float(factors[1]), pooled_factor=float(factors[0])
        )

    final = weighed(found.final, np.ones(len(scores), dtype=bool))
    if not final.factor or not bool(final.weight.any()):
        return None
    folds = {fold: weighed(each, data.fold != fold) for fold, each in found.folds.items()}
    return CrossFitted(final, folds, found.penalty)
