"""Training of a distiller: x to K non-negative dimensions and a real/fake logit, cross-fitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from workbench.analysis.cross_fitting.calibration import Calibration, calibration_of
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.cross_fitting.one_thread import one_thread
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.dimensions import order_of_pairs, reorder
from workbench.analysis.distiller.families import Family
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.regression import Design, FamilyScores, fit, in_order_of, refit
from workbench.analysis.encoders.standardisation import standardisation
from workbench.analysis.metrics import auc

PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Weights of the squared norm to choose from; the large ones are for labels with many errors."""

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Parent:
    """What a retrain starts from.

    heads: those of folds only where the folds are the same as in the retrain.
    penalty: the chosen one of `PENALTIES`.
    """

    heads: CrossFittedHeads[DistilledHead]
    penalty: float

    @property
    def head(self) -> DistilledHead:
        """The final head."""
        return self.heads.final


@dataclass(frozen=True)
class Trained(Parent):
    """A trained distiller.

    logit: of each training image, by the head of its fold: cross-fitted.
    """

    logit: Float[Tensor, " image"]


def train(
    data: TrainingSet,
    families: Sequence[Family],
    *,
    dimensions: int,
    parent: Parent | None = None,
    advance: Advance = lambda _done, _total: None,
) -> Trained:
    """Train the final head and one for each fold; without a parent, with each of `PENALTIES`.

    A logistic regression with a squared penalty gives each family of features a linear score s_g,
    toward fake, and each score two dimensions, z = ReLU(b_g + s_g), toward fake, and
    ReLU(b_g - s_g), toward real. Their weights in the logit are +a and -a. The loss has one
    minimum, so the dimensions depend on the images alone.

    The head of a fold is trained on the images outside of it, and shares with the others all but
    what labels teach: the standardisation, the families, the order of the dimensions, the
    penalty, and a, up to the scale of its dimensions. The penalty is the one with the best AUC of
    cross-fitted scores. The final head is calibrated (`calibration_of`) on the cross-fitted
    scores of all images; a fold's head on those of the other folds: an image's own label turns no
    weight of the head that scores it, it takes part in the choice of the penalty and, through the
    heads of other folds, in two numbers, scale and threshold. A fold outside of which one label
    is missing has a head that says nothing: all its dimensions are 0, and the logit. The pairs are
    ordered by mean |w_k z_k|, the strongest first.

    With a `parent` the squared norm, times `ANCHOR`, is that of the difference to its weights, so
    that a dimension keeps its meaning and its number; each fold's head starts from the parent's of
    the same fold, or from nothing where there is none. `families` are those that the parent was
    trained on, `dimensions` two a family, or one less. `advance` is told of every fit and may raise
    to end the training.

    We differ from DESIGN section 5: dimensions are told apart by what they read instead of by a
    penalty on correlated activations (docs/adr/0015-evidence-by-family.md). ValueError where one
    label is missing, or the numbers of dimensions and families do not fit.
    """
    data.check_labels()
    if (dimensions + 1) // 2 != len(families):
        raise ValueError(f"{dimensions} dimensions need two a family, got {len(families)} families")
    with one_thread():
        return _Training(data, families, dimensions, parent).run(advance)


@dataclass(frozen=True)
class _Fit:
    """Fitted scores, and the standard deviation of their sum over the images they were fitted on.

    The unit makes fits of different folds, and of different sizes, comparable.
    """

    scores: FamilyScores
    unit: float

    def score(self, x: Float[Tensor, "image feature"], dimensions: int) -> Float[ndarray, " image"]:
        """Compute the joint score in units of the fitted images' standard deviation."""
        head = self.scores.head(dimensions, slope=1 / self.unit)
        found: Float[ndarray, " image"] = head.logit(x).numpy().astype(float)
        return found

    def head(
        self, dimensions: int, calibration: Calibration, logit_weight: float | None = None
    ) -> DistilledHead:
        """Build the calibrated head."""
        return self.scores.head(
            dimensions,
            threshold=calibration.threshold * self.unit,
            slope=calibration.slope / self.unit,
            logit_weight=logit_weight,
        )


class _Training:
    """One training: its images, and in which space and order it is done."""

    def __init__(
        self,
        data: TrainingSet,
        families: Sequence[Family],
        dimensions: int,
        parent: Parent | None,
    ) -> None:
        self._data, self._dimensions, self._parent = data, dimensions, parent
        known = [] if parent is None else [*parent.heads.folds]
        # A fold that has lost all its images keeps its head, for those that people excluded.
        self._folds: list[int] = np.union1d(np.unique(data.fold), known).astype(int).tolist()
        if parent is None:
            self._families = families
            self._penalties: tuple[float, ...] = PENALTIES
            self._mean, self._scale = standardisation(data.embedding)
        else:
            self._families = in_order_of(parent.head, families)
            self._penalties = (parent.penalty,)
            self._mean, self._scale = parent.head.mean, parent.head.scale

    def run(self, advance: Advance) -> Trained:
        """Fit the folds, choose the penalty, fit all images, calibrate."""
        steps = len(self._folds) + 1
        fits: dict[int, list[_Fit | None]] = {}
        for done, fold in enumerate(self._folds):
            advance(done, steps)
            fits[fold] = self._of_fold(fold)
        unseen = np.array([self._unseen(fits, each) for each in range(len(self._penalties))])
        labels = self._data.labels
        chosen = int(np.argmax([auc(labels, score) or 0.0 for score in unseen]))
        advance(steps - 1, steps)
        known = None if self._parent is None else self._parent.head
        final = self._fitted(self._data, known, (self._penalties[chosen],))[0]
        of_fold = {fold: found[chosen] for fold, found in fits.items()}
        heads = self._calibrated(final, of_fold, unseen[chosen])
        logit = self._cross_fitted(heads)
        advance(steps, steps)
        return Trained(heads, self._penalties[chosen], logit)

    def _of_fold(self, fold: int) -> list[_Fit | None]:
        """Fit what is outside of a fold, with each penalty; None where one label is missing."""
        outside = self._data.subset(self._data.fold != fold)
        if not outside.has_both_labels:
            return [None] * len(self._penalties)
        known = None if self._parent is None else self._parent.heads.folds.get(fold)
        return [*self._fitted(outside, known, self._penalties)]

    def _fitted(
        self, data: TrainingSet, known: DistilledHead | None, penalties: Sequence[float]
    ) -> list[_Fit]:
        design = Design.of(data, self._families, self._mean, self._scale)
        # Weights that are all 0 are nothing to start from, and their anchor would hold them there.
        if known is not None and bool(known.weight.any()):
            found = [refit(design, known)]
        else:
            found = [fit(design, penalty) for penalty in penalties]
        return [self._measured(each, data) for each in found]

    def _measured(self, scores: FamilyScores, data: TrainingSet) -> _Fit:
        learned = scores.head(self._dimensions).logit(data.embedding).numpy().astype(float)
        return _Fit(scores, float(learned.std()) or 1.0)

    def _unseen(self, fits: dict[int, list[_Fit | None]], penalty: int) -> Float[ndarray, " image"]:
        """Score every image by its fold's fit; 0 where there is none."""
        found = np.zeros(len(self._data.fold))
        for fold, by_penalty in fits.items():
            one, inside = by_penalty[penalty], self._data.fold == fold
            if one is not None:
                rows = torch.from_numpy(np.flatnonzero(inside))
                found[inside] = one.score(self._data.embedding[rows], self._dimensions)
        return found

    def _calibrated(
        self, final: _Fit, folds: dict[int, _Fit | None], unseen: Float[ndarray, " image"]
    ) -> CrossFittedHeads[DistilledHead]:
        every = self._calibration(unseen, np.ones(len(unseen), dtype=bool))
        head = final.head(self._dimensions, every)
        size = every.slope / final.unit
        of_fold = {}
        for fold, one in folds.items():
            others = self._calibration(unseen, self._data.fold != fold)
            of_fold[fold] = one.head(self._dimensions, others, size) if one else _silent(head)
        heads = CrossFittedHeads(head, of_fold)
        if self._parent is not None:
            return heads
        order = order_of_pairs(head, self._data.embedding)
        return mapped(heads, lambda each: reorder(each, order))

    def _cross_fitted(self, heads: CrossFittedHeads[DistilledHead]) -> Float[Tensor, " image"]:
        found = torch.empty(len(self._data.fold))
        for fold in self._folds:
            rows = torch.from_numpy(np.flatnonzero(self._data.fold == fold))
            found[rows] = heads.head_of(fold).logit(self._data.embedding[rows])
        return found

    def _calibration(
        self, unseen: Float[ndarray, " image"], chosen: Bool[ndarray, " image"]
    ) -> Calibration:
        weight = self._data.weight.numpy().astype(float)
        return calibration_of(unseen[chosen], self._data.labels[chosen], weight[chosen])


def mapped(
    heads: CrossFittedHeads[DistilledHead], change: Callable[[DistilledHead], DistilledHead]
) -> CrossFittedHeads[DistilledHead]:
    """Apply the same change to every head."""
    return CrossFittedHeads(
        change(heads.final), {fold: change(head) for fold, head in heads.folds.items()}
    )


def _silent(head: DistilledHead) -> DistilledHead:
    return replace(
        head,
        weight=torch.zeros_like(head.weight),
        bias=torch.zeros_like(head.bias),
        logit_bias=0.0,
    )
