"""The distiller: an embedding brought down to K non-negative dimensions and a real/fake logit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from scipy.optimize import linear_sum_assignment
from sklearn.model_selection import GroupShuffleSplit
from torch import Tensor
from torch.nn import functional

from workbench.analysis.distiller.calibration import decision_threshold, inverse_temperature
from workbench.analysis.distiller.families import Columns
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.metrics import auc

KIND = "pairs by family"
"""Kept with a version: a retrain can start only from a parent that was built the same way."""
PENALTIES = (0.03, 0.1, 0.3)
"""Weights of the squared norm that validation picks from."""
ANCHOR = 6.0
"""Weight of the squared norm of what a retrain changes in its parent's weights.

At 3, 5 % of labels turned at random on 600 faces leave dimensions that match the parent's at 0.947
and cost 0.019 AUC; at 9, 0.971 and 0.009; at 30 nothing is learned any more."""
WHITENING = 0.35
"""How far a family's principal directions are brought to one spread: 0 not at all, 1 wholly."""
OPENING = 0.75
"""Where a dimension begins to be active: so many standard deviations of its evidence below 0.

The further below, the more of it does not hang on the draw of the images, and the less often it is
silent: on 600 faces matched correlation over resamples 0.806, 0.815, 0.820 and silence 0.29, 0.20,
0.14 at 0.5, 0.75, 1; AUC does not change."""
STEPS = 100


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


@dataclass(frozen=True)
class Evidence:
    """What is fitted: a score s_g of each family, linear in the standardised embedding.

    weight: zero outside of a family's own columns.
    opening: how far below 0 the pair of dimensions of a family begins to be active; not negative.
    """

    mean: Float[Tensor, " feature"]
    scale: Float[Tensor, " feature"]
    weight: Float[Tensor, "family feature"]
    opening: Float[Tensor, " family"]

    def head(self, dimensions: int, *, threshold: float = 0.0, slope: float = 1.0) -> DistilledHead:
        """Dimensions 2g and 2g + 1 are ReLU(opening + s_g) and ReLU(opening - s_g).

        Their sum with signs, less `threshold`, times `slope` is the logit.
        """
        side = torch.tensor([1.0, -1.0]).repeat(len(self.opening))[:dimensions]
        return DistilledHead(
            self.mean,
            self.scale,
            self.weight.repeat_interleave(2, dim=0)[:dimensions] * side[:, None],
            self.opening.repeat_interleave(2)[:dimensions],
            side * slope,
            -threshold * slope,
        )


def train(
    data: TrainingSet,
    families: Sequence[Columns],
    *,
    dimensions: int,
    seeds: tuple[int, ...],
    parent: Trained | None = None,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Trained:
    """Train a distiller; without a parent, with each of `PENALTIES`.

    A logistic regression with a squared penalty gives each family of columns a linear score s_g,
    toward fake, and each score two dimensions, z = ReLU(b_g + s_g), toward fake, and
    ReLU(b_g - s_g), toward real. Their weights in the logit are +a and -a, with a
    calibrated on images held back. The loss has one minimum, so the dimensions depend on
    the images alone: seeds only choose which quarter of the groups validation holds back. The
    penalty with the best mean validation AUC is taken, and trained on all of `data`. The pairs are
    ordered by mean |w_k z_k|, the strongest first.

    With a `parent` the squared norm, times `ANCHOR`, is that of the difference to its weights, so
    that a dimension keeps its meaning and its number. `families` are those that the
    parent was trained on, `dimensions` two a family, or one less.

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
    families: Sequence[Columns],
    dimensions: int,
    seeds: tuple[int, ...],
    parent: Trained | None,
    advance: Callable[[int, int], None],
) -> Trained:
    penalties = (parent.penalty,) if parent else PENALTIES
    steps = len(penalties) * len(seeds) + 1
    tried: list[list[_Validated]] = []
    for row, penalty in enumerate(penalties):
        tried.append([])
        for column, seed in enumerate(seeds):
            advance(row * len(seeds) + column, steps)
            tried[row].append(_validate(data, families, penalty, seed))
    means = [float(np.mean([each.auc for each in row])) for row in tried]
    chosen = int(np.argmax(means))
    advance(steps - 1, steps)
    evidence = (
        _fit(data, families, penalties[chosen])
        if parent is None
        else _refit(data, families, parent.head)
    )
    score = _scores(evidence, dimensions, data)
    head = evidence.head(
        dimensions,
        threshold=_threshold(score, data),
        slope=_slope(tried[chosen]) / _spread(score),
    )
    if parent is None:
        head = order_pairs(head, data.embedding)
    advance(steps, steps)
    return Trained(head, means[chosen], penalties[chosen])


@dataclass(frozen=True)
class _Validated:
    auc: float
    score: Float[ndarray, " image"]
    fake: ndarray
    weight: Float[ndarray, " image"]


def _validate(
    data: TrainingSet, families: Sequence[Columns], penalty: float, seed: int
) -> _Validated:
    """Scores of a quarter of the groups by what was fitted on the rest; AUC 0.5 where unknown."""
    fitted, validated = _split(data, seed=seed)
    evidence = _fit(fitted, families, penalty)
    dimensions = 2 * len(families)
    learned = _scores(evidence, dimensions, fitted)
    head = evidence.head(
        dimensions, threshold=_threshold(learned, fitted), slope=1 / _spread(learned)
    )
    score = head.logit(validated.embedding).numpy().astype(float)
    fake = validated.fake.numpy() > 0
    found = auc(fake, score)
    return _Validated(
        0.5 if found is None else found, score, fake, validated.weight.numpy().astype(float)
    )


def _scores(evidence: Evidence, dimensions: int, data: TrainingSet) -> Float[ndarray, " image"]:
    """Of images, by what was fitted on them: neither shifted nor stretched yet."""
    score: Float[ndarray, " image"] = (
        evidence.head(dimensions).logit(data.embedding).numpy().astype(float)
    )
    return score


def _threshold(score: Float[ndarray, " image"], data: TrainingSet) -> float:
    """Where training images turn from real to fake; a few validated ones would say it less well."""
    return decision_threshold(score, data.fake.numpy() > 0, data.weight.numpy().astype(float))


def _spread(score: Float[ndarray, " image"]) -> float:
    """Standard deviation of the scores of training images.

    Calibration is in units of it: a retrain's weights are its parent's and a little more, and may
    be of another size than those of the fresh fits that are validated.
    """
    return float(score.std()) or 1.0


def _slope(validated: Sequence[_Validated]) -> float:
    return inverse_temperature(
        np.concatenate([each.score for each in validated]),
        np.concatenate([each.fake for each in validated]),
        np.concatenate([each.weight for each in validated]),
    )


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


def _fit(data: TrainingSet, families: Sequence[Columns], penalty: float) -> Evidence:
    mean = data.embedding.mean(dim=0)
    # A feature that never moves carries nothing; dividing by its spread would blow noise up.
    scale = data.embedding.std(dim=0, correction=0).clamp_min(1e-6)
    x = (data.embedding - mean) / scale
    weight = _regress(x, data, families, penalty, offset=torch.zeros(len(x)))
    opening = OPENING * (x @ weight.T).std(dim=0, correction=0)
    return Evidence(mean, scale, weight, opening)


def _refit(data: TrainingSet, families: Sequence[Columns], parent: DistilledHead) -> Evidence:
    """What the parent says, and the least change to it that the images ask for."""
    x = (data.embedding - parent.mean) / parent.scale
    known = parent.weight[::2]
    families = _in_order_of(known, families)
    change = _regress(x, data, families, ANCHOR, offset=(x @ known.T).sum(dim=1))
    return Evidence(parent.mean, parent.scale, known + change, parent.bias[::2])


def _in_order_of(
    weight: Float[Tensor, "family feature"], families: Sequence[Columns]
) -> list[Columns]:
    """The families as the rows of `weight` read them."""
    reads = torch.stack([weight[:, columns].abs().sum(dim=1) for columns in families], dim=1)
    rows, order = linear_sum_assignment(-(reads > 0).double().numpy())
    return [families[place] for place in order[np.argsort(rows)]]


def _regress(
    x: Float[Tensor, "image feature"],
    data: TrainingSet,
    families: Sequence[Columns],
    penalty: float,
    *,
    offset: Float[Tensor, " image"],
) -> Float[Tensor, "family feature"]:
    """Logistic regression on top of `offset`, in each family's own directions."""
    directions = [_directions(x[:, columns]) for columns in families]
    inside = [x[:, columns] @ base for columns, base in zip(families, directions, strict=True)]
    scores = torch.cat(inside, dim=1)
    weight, intercept = torch.zeros(scores.shape[1]), torch.zeros(())
    parameters = [weight.requires_grad_(), intercept.requires_grad_()]
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=STEPS, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        logit = offset + scores @ weight + intercept
        value = functional.binary_cross_entropy_with_logits(logit, data.fake, weight=data.weight)
        value = value + penalty * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    fitted = torch.zeros(len(families), x.shape[1])
    parts = torch.split(weight.detach(), [base.shape[1] for base in directions])
    for row, (columns, base, part) in enumerate(zip(families, directions, parts, strict=True)):
        fitted[row, torch.from_numpy(columns)] = base @ part
    return fitted


def _directions(x: Float[Tensor, "image column"]) -> Float[Tensor, "column direction"]:
    """A family's principal directions, those of little spread stretched by `WHITENING`.

    A penalty on weights along them costs subtle evidence less than a plain one does: what gives an
    image away moves an embedding less than what it shows. The directions span what the images
    span, so that there are no more of them than images; none where no image differs from another.
    """
    images, columns = x.shape
    if not columns:
        return x.new_zeros(0, 0)
    matrix = x @ x.T if images < columns else x.T @ x
    energy, basis = torch.linalg.eigh(matrix.double())
    kept = energy > energy.max() * 1e-5
    if not kept.any():
        return x.new_zeros(columns, 0)
    energy, basis = energy[kept], basis[:, kept]
    if images < columns:
        basis = (x.double().T @ basis) / energy.sqrt()
    stretched: Tensor = basis * (energy / energy.max()) ** (-WHITENING / 2)
    return stretched.float()


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


def order_pairs(head: DistilledHead, embedding: Float[Tensor, "image feature"]) -> DistilledHead:
    """The same function with its pairs of dimensions ordered by mean |w_k z_k|, strongest first.

    A last dimension without a partner stays last. Signs need no fixing: z is not negative, so the
    sign of w_k says which side a dimension is on.
    """
    strength = (head.activation(embedding) * head.logit_weight).abs().mean(dim=0)
    pairs = len(strength) // 2
    by_pair = strength[: 2 * pairs].reshape(pairs, 2).sum(dim=1)
    order = torch.argsort(by_pair, descending=True, stable=True)
    rows = torch.stack([2 * order, 2 * order + 1], dim=1).flatten()
    rows = torch.cat([rows, torch.arange(2 * pairs, len(strength))])
    return replace(
        head,
        weight=head.weight[rows],
        bias=head.bias[rows],
        logit_weight=head.logit_weight[rows],
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
