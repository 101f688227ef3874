"""The distiller: an embedding brought down to K non-negative dimensions and a real/fake logit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from scipy.optimize import linear_sum_assignment
from sklearn.model_selection import GroupShuffleSplit
from torch import Tensor
from torch.nn import functional

from workbench.analysis.distilled_head import DistilledHead
from workbench.analysis.metrics import auc

SMOOTHING = 0.05
DECORRELATION = 0.01
PENALTIES = (1e-2, 3e-2, 1e-1)
"""Weights of the squared norm that validation picks from."""
STEPS = 150


@dataclass(frozen=True)
class TrainingSet:
    """What a distiller learns from. `group` keeps images of one source on one side of a split."""

    embedding: Float[Tensor, "image feature"]
    fake: Float[Tensor, " image"]
    """1 for fake, 0 for real."""
    weight: Float[Tensor, " image"]
    group: Integer[ndarray, " image"]


@dataclass(frozen=True)
class Trained:
    """A distiller, and what picked it."""

    head: DistilledHead
    validation_auc: float
    """Mean over the seeds. Where images are too few to hold any back, of the training images."""
    penalty: float
    seed: int


def train(
    data: TrainingSet,
    *,
    dimensions: int,
    seeds: tuple[int, ...],
    parent: Trained | None = None,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Trained:
    """Train a distiller; without a parent, from several seeds and penalties.

    Each seed starts from weights of its own and holds another quarter of the groups back. The
    penalty with the best mean validation AUC is taken, with the seed that did best under it, and
    trained on all of `data`.
    With a `parent` there is one start, the parent's own weights and penalty, so that a dimension
    keeps its meaning. The loss is binary cross-entropy with label smoothing, a penalty on squared
    weights, and decorrelation |I - Z'Z|_F of the column-normalised activations (DESIGN section 5;
    the idea is in marco-willi/clip-cues). Deterministic for given seeds. Raises ValueError where
    one label is missing.
    """
    if not len(data.fake) or data.fake.min() == data.fake.max():
        raise ValueError("training needs both real and fake images; all have the same label")
    start = parent.head if parent else None
    penalties = (parent.penalty,) if parent else PENALTIES
    tried = seeds[:1] if parent else seeds
    steps = len(penalties) * len(tried) + 1
    scores = np.empty((len(penalties), len(tried)))
    for row, penalty in enumerate(penalties):
        for column, seed in enumerate(tried):
            advance(row * len(tried) + column, steps)
            scores[row, column] = _validate(data, dimensions, penalty, seed, start)
    chosen = int(np.argmax(scores.mean(axis=1)))
    seed = tried[int(np.argmax(scores[chosen]))]
    advance(steps - 1, steps)
    head = _fit(data, dimensions, penalty=penalties[chosen], seed=seed, parent=start)
    if parent is None:
        head = order_dimensions(head, data.embedding)
    advance(steps, steps)
    return Trained(head, float(scores[chosen].mean()), penalties[chosen], seed)


def _validate(
    data: TrainingSet, dimensions: int, penalty: float, seed: int, parent: DistilledHead | None
) -> float:
    """AUC on a quarter of the groups, of a distiller fitted on the rest; 0.5 where unknown."""
    fitted, validated = _split(data, seed=seed)
    head = _fit(fitted, dimensions, penalty=penalty, seed=seed, parent=parent)
    found = auc(validated.fake.numpy() > 0, head.logit(validated.embedding).numpy())
    return 0.5 if found is None else found


def _split(data: TrainingSet, *, seed: int) -> tuple[TrainingSet, TrainingSet]:
    """Three quarters to fit on, one to validate, by group; everything on both where it is tiny."""
    fake = data.fake.numpy() > 0
    splitter = GroupShuffleSplit(n_splits=20, test_size=0.25, random_state=seed)
    if len(np.unique(data.group)) > 1:
        for first, second in splitter.split(data.group, groups=data.group):
            if all(0 < fake[side].sum() < len(side) for side in (first, second)):
                return _subset(data, first), _subset(data, second)
    return data, data


def _subset(data: TrainingSet, chosen: ndarray) -> TrainingSet:
    index = torch.from_numpy(chosen)
    return TrainingSet(
        data.embedding[index], data.fake[index], data.weight[index], data.group[chosen]
    )


def _fit(
    data: TrainingSet,
    dimensions: int,
    *,
    penalty: float,
    seed: int,
    parent: DistilledHead | None,
) -> DistilledHead:
    mean = data.embedding.mean(dim=0)
    # A feature that never moves carries nothing; dividing by its spread would blow noise up.
    scale = data.embedding.std(dim=0, correction=0).clamp_min(1e-6)
    x = (data.embedding - mean) / scale
    weight, bias, logit_weight, logit_bias = (
        _random_start(x, dimensions, seed) if parent is None else _moved(parent, mean, scale)
    )
    target = data.fake * (1 - SMOOTHING) + SMOOTHING / 2
    parameters = [weight, bias, logit_weight, logit_bias]
    for parameter in parameters:
        parameter.requires_grad_()
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=STEPS, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        z = functional.relu(x @ weight.T + bias)
        logit = z @ logit_weight + logit_bias
        value = functional.binary_cross_entropy_with_logits(logit, target, weight=data.weight)
        value = value + penalty * (weight.square().sum() + logit_weight.square().sum())
        value = value + DECORRELATION * _correlation(z)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad(), _one_thread():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    weight, bias, logit_weight, logit_bias = (parameter.detach() for parameter in parameters)
    return DistilledHead(mean, scale, weight, bias, logit_weight, float(logit_bias))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Fit on one thread: on matrices this small, several only wait for each other.

    Beside one other busy process, two threads took 6 to 46 s for a fit that one does in 0.2 s.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _correlation(z: Float[Tensor, "image dimension"]) -> Float[Tensor, ""]:
    column = z / (z.norm(dim=0, keepdim=True) + 1e-6)
    distance: Tensor = torch.linalg.matrix_norm(torch.eye(z.shape[1]) - column.T @ column)
    return distance


def _random_start(
    x: Float[Tensor, "image feature"], dimensions: int, seed: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Orthogonal directions of unit spread, a little open, half of them toward each side."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.empty(dimensions, x.shape[1])
    torch.nn.init.orthogonal_(weight, generator=generator)
    weight = weight / (x @ weight.T).std(dim=0, correction=0).clamp_min(1e-6)[:, None]
    sign = torch.where(torch.arange(dimensions) % 2 == 0, 1.0, -1.0)
    return weight, torch.full((dimensions,), 0.3), 0.3 * sign, torch.zeros(())


def _moved(
    parent: DistilledHead, mean: Float[Tensor, " feature"], scale: Float[Tensor, " feature"]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The parent's weights on the new standardisation: the same function of the embedding."""
    weight = parent.weight * (scale / parent.scale)
    bias = parent.bias + (parent.weight / parent.scale) @ (mean - parent.mean)
    return weight, bias, parent.logit_weight.clone(), torch.tensor(parent.logit_bias)


def order_dimensions(
    head: DistilledHead, embedding: Float[Tensor, "image feature"]
) -> DistilledHead:
    """The same function with dimensions ordered by mean |w_k z_k|, the strongest first.

    Signs need no fixing: z is not negative, so the sign of w_k says which side a dimension is on.
    """
    strength = (head.activation(embedding) * head.logit_weight).abs().mean(dim=0)
    order = torch.argsort(strength, descending=True, stable=True)
    return DistilledHead(
        head.mean,
        head.scale,
        head.weight[order],
        head.bias[order],
        head.logit_weight[order],
        head.logit_bias,
    )


def match_dimensions(
    first: Float[Tensor, "image dimension"], second: Float[Tensor, "image dimension"]
) -> Float[ndarray, " dimension"]:
    """Correlation of each dimension of `first` with its partner in `second`, in [-1, 1].

    Partners are matched one to one for the largest sum (Hungarian method) on the activations of
    the same images. A dimension that never moves correlates 0.
    """
    columns = [_standardised(z).double() for z in (first, second)]
    correlation = (columns[0].T @ columns[1] / len(first)).numpy()
    rows, partners = linear_sum_assignment(-correlation)
    matched: Float[ndarray, " dimension"] = correlation[rows, partners]
    return matched


def _standardised(z: Float[Tensor, "image dimension"]) -> Float[Tensor, "image dimension"]:
    spread = z.std(dim=0, correction=0)
    return (z - z.mean(dim=0)) / torch.where(spread > 0, spread, torch.inf)
