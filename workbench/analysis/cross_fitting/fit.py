"""Fit one model on all training images and one on the outside of each fold, calibrated alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from workbench.analysis.cross_fitting.calibration import Calibration, calibration_of
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.one_thread import one_thread
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.metrics import auc

AT_ONCE = min(os.cpu_count() or 1, 2)
"""Folds fitted at the same time, each on one thread; each holds a copy of its images."""

Model = TypeVar("Model")
Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class CrossFitted(Generic[Model]):
    """The model of all training images, and that of each fold's outside.

    folds: of one label alone outside of a fold, a model that says nothing.
    penalty: the chosen one of the learner's.
    """

    final: Model
    folds: Mapping[int, Model]
    penalty: float

    def of_fold(self, fold: int) -> Model:
        """Choose what was not learned from the fold's images; of `NO_FOLD` the final one."""
        return self.final if fold == NO_FOLD else self.folds[fold]


@runtime_checkable
class Learner(Protocol[Model]):
    """How a kind of model is fitted, scores images, and is calibrated."""

    @property
    def penalties(self) -> Sequence[float]:
        """The penalties to choose from, one at least."""

    def fit(
        self, data: TrainingSet, penalties: Sequence[float], start: Model | None
    ) -> list[Model]:
        """Fit a model with each penalty, or one model near what a retrain starts from."""

    def score(self, model: Model, data: TrainingSet) -> Float[ndarray, " image"]:
        """Compute scores toward fake, of any unit, 0 for a model that says nothing."""

    def calibrated(self, model: Model | None, calibration: Calibration) -> Model:
        """Bring a fitted model's scores to logits; of None, make one that says nothing."""


@dataclass(frozen=True)
class _Fit(Generic[Model]):
    """A fitted model, and the standard deviation of its scores over the images fitted on.

    The unit makes fits of different folds, and of different sizes, comparable.
    """

    model: Model
    unit: float


def cross_fit(
    learner: Learner[Model],
    data: TrainingSet,
    *,
    parent: CrossFitted[Model] | None = None,
    advance: Advance = lambda _done, _total: None,
) -> CrossFitted[Model]:
    """Fit on all training images, and on the outside of each fold.

    Without a parent with each of the learner's penalties: that with the best AUC of cross-fitted
    scores is taken. The final model is calibrated (`calibration_of`) on the cross-fitted scores of
    all images, a fold's on those of the other folds: an image's own label turns nothing of the
    model that scores it but the choice of the penalty and, through the models of other folds, two
    numbers, slope and threshold. With a `parent` its penalty is kept, and each fold starts from the
    parent's, or from nothing where there is none. `advance` is told of every fit and may raise to
    end the training.

    ValueError where one label is missing.
    """
    data.check_labels()
    with one_thread():
        return _CrossFit(learner, data, parent).run(advance)


class _CrossFit(Generic[Model]):
    """One training: its images, and what it starts from."""

    def __init__(
        self, learner: Learner[Model], data: TrainingSet, parent: CrossFitted[Model] | None
    ) -> None:
        self._learner, self._data, self._parent = learner, data, parent
        known = [] if parent is None else [*parent.folds]
        # A fold that has lost all its images keeps its model, for those that people excluded.
        self._folds: list[int] = np.union1d(np.unique(data.fold), known).astype(int).tolist()
        self._penalties = learner.penalties if parent is None else (parent.penalty,)

    def run(self, advance: Advance) -> CrossFitted[Model]:
        """Fit the folds, choose the penalty, fit all images, calibrate."""
        steps = len(self._folds) + 1
        fits: dict[int, list[_Fit[Model] | None]] = {}
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            waiting = [pool.submit(self._of_fold, fold) for fold in self._folds]
            try:
                for done, (fold, fitted) in enumerate(zip(self._folds, waiting, strict=True)):
                    advance(done, steps)
                    fits[fold] = fitted.result()
            finally:
                pool.shutdown(cancel_futures=True)
        unseen = np.array([self._unseen(fits, each) for each in range(len(self._penalties))])
        chosen = int(np.argmax([auc(self._data.labels, score) or 0.0 for score in unseen]))
        advance(steps - 1, steps)
        known = None if self._parent is None else self._parent.final
        final = self._fitted(self._data, (self._penalties[chosen],), known)[0]
        score = unseen[chosen]
        folds = {
            fold: self._calibrated(found[chosen], score, self._data.fold != fold)
            for fold, found in fits.items()
        }
        every = np.ones(len(score), dtype=bool)
        advance(steps, steps)
        return CrossFitted(self._calibrated(final, score, every), folds, self._penalties[chosen])

    def _of_fold(self, fold: int) -> list[_Fit[Model] | None]:
        """Fit what is outside of a fold, with each penalty; None where one label is missing."""
        outside = self._data.subset(self._data.fold != fold)
        if not outside.has_both_labels:
            return [None] * len(self._penalties)
        known = None if self._parent is None else self._parent.folds.get(fold)
        return [*self._fitted(outside, self._penalties, known)]

    def _fitted(
        self, data: TrainingSet, penalties: Sequence[float], start: Model | None
    ) -> list[_Fit[Model]]:
        models = self._learner.fit(data, penalties, start)
        return [_Fit(each, float(self._learner.score(each, data).std()) or 1.0) for each in models]

    def _unseen(
        self, fits: dict[int, list[_Fit[Model] | None]], penalty: int
    ) -> Float[ndarray, " image"]:
        """Score every image by its fold's fit, in its unit; 0 where there is none."""
        found = np.zeros(len(self._data.fold))
        for fold, by_penalty in fits.items():
            one, inside = by_penalty[penalty], self._data.fold == fold
            if one is not None and inside.any():
                found[inside] = self._learner.score(one.model, self._data.subset(inside)) / one.unit
        return found

    def _calibrated(
        self,
        fit: _Fit[Model] | None,
        unseen: Float[ndarray, " image"],
        chosen: Bool[ndarray, " image"],
    ) -> Model:
        weight = self._data.weight.numpy().astype(float)[chosen]
        found = calibration_of(unseen[chosen], self._data.labels[chosen], weight)
        if fit is None:
            return self._learner.calibrated(None, found)
        in_its_unit = Calibration(found.slope / fit.unit, found.threshold * fit.unit)
        return self._learner.calibrated(fit.model, in_its_unit)
