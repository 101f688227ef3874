"""Training of a distiller: x to K non-negative dimensions and a real/fake logit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray

from workbench.analysis.distiller.calibration import decision_threshold, inverse_temperature
from workbench.analysis.distiller.dimensions import order_pairs
from workbench.analysis.distiller.families import Family
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.regression import FamilyScores, fit, refit
from workbench.analysis.distiller.training_set import TrainingSet, split
from workbench.analysis.metrics import auc

KIND = "pairs by family"
"""Kept with a version: a retrain can start only from a parent that was built the same way."""
PENALTIES = (0.03, 0.1, 0.3)
"""Weights of the squared norm that validation chooses from."""


@dataclass(frozen=True)
class Parent:
    """What a retrain starts from.

    penalty: the chosen one of `PENALTIES`.
    """

    head: DistilledHead
    penalty: float


@dataclass(frozen=True)
class Trained(Parent):
    """A trained distiller with the figure that chose its penalty.

    penalty_auc: mean AUC, over the seeds, of fits from scratch on three quarters of the groups, on
        the rest; where images are too few to hold any back, on the training images. It compares
        penalties. `head` is none of these fits: it is fitted on all images, or from the parent's.
    """

    penalty_auc: float


def train(
    data: TrainingSet,
    families: Sequence[Family],
    *,
    dimensions: int,
    seeds: tuple[int, ...],
    parent: Parent | None = None,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Trained:
    """Train a distiller; without a parent, with each of `PENALTIES`.

    A logistic regression with a squared penalty gives each family of features a linear score s_g,
    toward fake, and each score two dimensions, z = ReLU(b_g + s_g), toward fake, and
    ReLU(b_g - s_g), toward real. Their weights in the logit are +a and -a, with a
    calibrated on validation images. The loss has one minimum, so the dimensions depend on
    the images alone: seeds only choose which quarter of the groups is for validation. The
    penalty with the best mean validation AUC is taken, and trained on all of `data`. The pairs are
    ordered by mean |w_k z_k|, the strongest first.

    With a `parent` the squared norm, times `ANCHOR`, is that of the difference to its weights, so
    that a dimension keeps its meaning and its number. `families` are those that the
    parent was trained on, `dimensions` two a family, or one less. `advance` is told of every
    validation and may raise to end the training.

    We differ from DESIGN section 5: dimensions are told apart by what they read instead of by a
    penalty on correlated activations (docs/adr/0015-evidence-by-family.md). ValueError where one
    label is missing, or the numbers of dimensions and families do not fit.
    """
    if not len(data.fake) or data.fake.min() == data.fake.max():
        raise ValueError("training needs both real and fake images; all have the same label")
    if (dimensions + 1) // 2 != len(families):
        raise ValueError(f"{dimensions} dimensions need two a family, got {len(families)} families")
    with _one_thread():
        return _train(data, families, dimensions, seeds, parent, advance)


def _train(
    data: TrainingSet,
    families: Sequence[Family],
    dimensions: int,
    seeds: tuple[int, ...],
    parent: Parent | None,
    advance: Callable[[int, int], None],
) -> Trained:
    penalties = (parent.penalty,) if parent else PENALTIES
    steps = len(penalties) * len(seeds) + 1
    tried: list[list[_Validation]] = []
    for row, penalty in enumerate(penalties):
        tried.append([])
        for column, seed in enumerate(seeds):
            advance(row * len(seeds) + column, steps)
            tried[row].append(_validate(data, families, penalty, seed))
    means = [float(np.mean([each.auc for each in row])) for row in tried]
    chosen = int(np.argmax(means))
    advance(steps - 1, steps)
    scores = (
        fit(data, families, penalties[chosen])
        if parent is None
        else refit(data, families, parent.head)
    )
    score = _joint_score(scores, dimensions, data)
    head = scores.head(
        dimensions,
        threshold=_threshold(score, data),
        slope=_slope(tried[chosen]) / _standard_deviation(score),
    )
    if parent is None:
        head = order_pairs(head, data.embedding)
    advance(steps, steps)
    return Trained(head, penalties[chosen], means[chosen])


@dataclass(frozen=True)
class _Validation:
    """Scores of validation images, in units of the fitted images' standard deviation."""

    auc: float
    score: Float[ndarray, " image"]
    fake: Bool[ndarray, " image"]
    weight: Float[ndarray, " image"]


def _validate(
    data: TrainingSet, families: Sequence[Family], penalty: float, seed: int
) -> _Validation:
    """Fit on three quarters of the groups and score the rest; AUC 0.5 where it is undefined."""
    fitted, validated = split(data, seed=seed)
    scores = fit(fitted, families, penalty)
    dimensions = 2 * len(families)
    learned = _joint_score(scores, dimensions, fitted)
    head = scores.head(
        dimensions, threshold=_threshold(learned, fitted), slope=1 / _standard_deviation(learned)
    )
    score = head.logit(validated.embedding).numpy().astype(float)
    fake = validated.fake.numpy() > 0
    found = auc(fake, score)
    return _Validation(
        0.5 if found is None else found, score, fake, validated.weight.numpy().astype(float)
    )


def _joint_score(
    scores: FamilyScores, dimensions: int, data: TrainingSet
) -> Float[ndarray, " image"]:
    """Compute the uncalibrated logit of images: no threshold, slope 1."""
    score: Float[ndarray, " image"] = (
        scores.head(dimensions).logit(data.embedding).numpy().astype(float)
    )
    return score


def _threshold(score: Float[ndarray, " image"], data: TrainingSet) -> float:
    """Fit the decision threshold on training images; validation images are too few for it."""
    return decision_threshold(score, data.fake.numpy() > 0, data.weight.numpy().astype(float))


def _standard_deviation(score: Float[ndarray, " image"]) -> float:
    """Compute the unit of calibration, the standard deviation of training scores; 1 where it is 0.

    A retrain's weights are its parent's and a little more, and may be of another size than those
    of the fresh fits that are validated.
    """
    return float(score.std()) or 1.0


def _slope(validated: Sequence[_Validation]) -> float:
    return inverse_temperature(
        np.concatenate([each.score for each in validated]),
        np.concatenate([each.fake for each in validated]),
        np.concatenate([each.weight for each in validated]),
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run torch on one thread: on matrices this small, several only wait for each other.

    Beside one other busy process, two threads took 6 to 46 s for a fit that one does in 0.2 s.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
