"""Training of evidence: one convex regression on all columns, cross-fitted and calibrated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from workbench.analysis.distiller.calibration import Calibration, calibration_of
from workbench.analysis.distiller.folds import NO_FOLD
from workbench.analysis.distiller.linear_evidence import LinearEvidence, evidence_columns
from workbench.analysis.distiller.one_thread import one_thread
from workbench.analysis.distiller.regression import ANCHOR, Design, regress
from workbench.analysis.distiller.training_set import TrainingSet
from workbench.analysis.encoders.protocol import Feature
from workbench.analysis.metrics import auc
from workbench.analysis.spelling.projection import Projection

PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Weights of the squared norm to choose from; the large ones are for labels with many errors."""

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class CrossFittedEvidence:
    """The evidence of all training images, and that of each fold's outside.

    folds: of one label alone outside of a fold, evidence that is 0.
    penalty: the chosen one of `PENALTIES`.
    """

    final: LinearEvidence
    folds: Mapping[int, LinearEvidence]
    penalty: float

    def of_fold(self, fold: int) -> LinearEvidence:
        """Choose what was not learned from the fold's images; of `NO_FOLD` the final one."""
        return self.final if fold == NO_FOLD else self.folds[fold]


def train_evidence(
    data: TrainingSet,
    features: Sequence[Feature],
    projection: Projection | None,
    *,
    smoothing: float,
    parent: CrossFittedEvidence | None = None,
    advance: Advance = lambda _done, _total: None,
) -> CrossFittedEvidence:
    """Learn evidence from all training images, and from the outside of each fold.

    A logistic regression with a squared penalty on all columns that decompose over the patches; the
    loss has one minimum, so the evidence depends on the images alone. Without a parent with each of
    `PENALTIES`: that with the best AUC of cross-fitted scores is taken. The final evidence is
    calibrated (`calibration_of`) on the cross-fitted scores of all images, a fold's on those of the
    other folds. With a `parent` the squared norm, times `ANCHOR`, is that of the difference to its
    weights; each fold starts from the parent's, or from nothing where there is none. Evidence is in
    logits. `advance` is told of every fit and may raise to end the training.

    data: with embeddings x; columns without evidence get weight 0.

    ValueError where one label is missing.
    """
    if not data.has_both_labels:
        raise ValueError("training needs both real and fake images; all have the same label")
    columns = evidence_columns(features, projection)
    if projection is not None:
        data = replace(data, embedding=projection.project(data.embedding))
    if parent is None:
        mean = data.embedding.mean(dim=0)
        # A constant feature carries nothing; dividing by its deviation would amplify noise.
        scale = data.embedding.std(dim=0, correction=0).clamp_min(1e-6)
    else:
        mean, scale = parent.final.mean, parent.final.scale
    blank = LinearEvidence(mean, scale, torch.zeros_like(mean), smoothing, projection)
    with one_thread():
        return _Training(data, columns.numpy(), blank, parent).run(advance)


@dataclass(frozen=True)
class _Fit:
    """Fitted weights, and the standard deviation of their score over the images fitted on.

    The unit makes fits of different folds, and of different sizes, comparable.
    """

    weight: Float[Tensor, " column"]
    unit: float


class _Training:
    """One training: its images, and in which space it is done."""

    def __init__(
        self,
        data: TrainingSet,
        columns: ndarray,
        blank: LinearEvidence,
        parent: CrossFittedEvidence | None,
    ) -> None:
        self._data, self._columns, self._blank, self._parent = data, columns, blank, parent
        self._x = (data.embedding - blank.mean) / blank.scale
        known = [] if parent is None else [*parent.folds]
        # A fold that has lost all its images keeps its head, for those that people excluded.
        self._folds: list[int] = np.union1d(np.unique(data.fold), known).astype(int).tolist()
        self._penalties = PENALTIES if parent is None else (parent.penalty,)

    def run(self, advance: Advance) -> CrossFittedEvidence:
        """Fit the folds, choose the penalty, fit all images, calibrate."""
        steps = len(self._folds) + 1
        fits: dict[int, list[_Fit | None]] = {}
        for done, fold in enumerate(self._folds):
            advance(done, steps)
            fits[fold] = self._of_fold(fold)
        unseen = np.array([self._unseen(fits, each) for each in range(len(self._penalties))])
        chosen = int(np.argmax([auc(self._data.labels, score) or 0.0 for score in unseen]))
        advance(steps - 1, steps)
        known = None if self._parent is None else self._parent.final
        final = self._fitted(self._data, known, (self._penalties[chosen],))[0]
        score = unseen[chosen]
        folds = {
            fold: self._calibrated(found[chosen], score, self._data.fold != fold)
            for fold, found in fits.items()
        }
        every = np.ones(len(score), dtype=bool)
        advance(steps, steps)
        return CrossFittedEvidence(
            self._calibrated(final, score, every), folds, self._penalties[chosen]
        )

    def _of_fold(self, fold: int) -> list[_Fit | None]:
        """Fit what is outside of a fold, with each penalty; None where one label is missing."""
        outside = self._data.subset(self._data.fold != fold)
        if not outside.has_both_labels:
            return [None] * len(self._penalties)
        known = None if self._parent is None else self._parent.folds.get(fold)
        return [*self._fitted(outside, known, self._penalties)]

    def _fitted(
        self, data: TrainingSet, known: LinearEvidence | None, penalties: Sequence[float]
    ) -> list[_Fit]:
        blank = self._blank
        design = Design.of(data, [self._columns], blank.mean, blank.scale)
        # Weights that are all 0 are nothing to start from, and their anchor would hold them there.
        if known is not None and bool(known.weight.any()):
            offset = design.x @ known.weight
            found = [known.weight + regress(design, ANCHOR, offset=offset)[0]]
        else:
            offset = torch.zeros(len(design.x))
            found = [regress(design, penalty, offset=offset)[0] for penalty in penalties]
        return [_Fit(each, float((design.x @ each).std(correction=0)) or 1.0) for each in found]

    def _unseen(self, fits: dict[int, list[_Fit | None]], penalty: int) -> Float[ndarray, " image"]:
        """Score every image by its fold's fit, in its unit; 0 where there is none."""
        found = np.zeros(len(self._data.fold))
        for fold, by_penalty in fits.items():
            one, inside = by_penalty[penalty], np.flatnonzero(self._data.fold == fold)
            if one is not None and len(inside):
                found[inside] = (self._x[torch.from_numpy(inside)] @ one.weight).numpy() / one.unit
        return found

    def _calibrated(
        self, fit: _Fit | None, unseen: Float[ndarray, " image"], chosen: Bool[ndarray, " image"]
    ) -> LinearEvidence:
        if fit is None:
            return self._blank
        found = self._calibration(unseen, chosen)
        return replace(self._blank, weight=fit.weight * (found.slope / fit.unit))

    def _calibration(
        self, unseen: Float[ndarray, " image"], chosen: Bool[ndarray, " image"]
    ) -> Calibration:
        weight = self._data.weight.numpy().astype(float)
        return calibration_of(unseen[chosen], self._data.labels[chosen], weight[chosen])
