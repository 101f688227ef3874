"""Logistic regression by feature family: the linear scores that dimensions are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional

from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.families import Family
from workbench.analysis.distiller.head import DistilledHead

ANCHOR = 6.0
"""Weight of the squared norm of what a retrain changes in its parent's weights.

At 3, 5% of labels flipped at random on 600 faces leave dimensions that match the parent's at 0.947
and cost 0.019 AUC; at 9, 0.971 and 0.009; at 30 nothing is learned any more."""
WHITENING = 0.35
"""How far the variances of a family's principal directions are equalised: 0 not at all, 1 fully."""
OPENING = 0.75
"""Offset of a dimension, in standard deviations of its score: it is active above minus that.

The larger, the less its activation depends on the sample of images, and the less often it is 0: on
600 faces matched correlation over resamples 0.806, 0.815, 0.820 and share of zeros 0.29, 0.20, 0.14
at 0.5, 0.75, 1; AUC does not change."""
MAX_ITERATIONS = 100


@dataclass(frozen=True)
class FamilyScores:
    """A score s_g of each family, toward fake, linear in the standardised embedding.

    mean, scale: the training set's, of each feature of x; scale > 0.
    weight: 0 outside of a family's own features.
    opening: offset of the family's pair of dimensions, not negative.
    """

    mean: Float[Tensor, " feature"]
    scale: Float[Tensor, " feature"]
    weight: Float[Tensor, "family feature"]
    opening: Float[Tensor, " family"]

    def head(
        self,
        dimensions: int,
        *,
        threshold: float = 0.0,
        slope: float = 1.0,
        logit_weight: float | None = None,
    ) -> DistilledHead:
        """Build the head whose dimensions 2g and 2g + 1 are ReLU(opening ± s_g).

        Its logit is `slope` times (the sum of the dimensions, signed + and -, less `threshold`).
        The slope is the size of the dimensions' weights in the logit, unless that is given: the
        dimensions are then scaled instead, which gives the same logit (not if it is 0, of course).
        """
        side = torch.tensor([1.0, -1.0]).repeat(len(self.opening))[:dimensions]
        size = slope if logit_weight is None else logit_weight
        scaled = slope / size if size else 1.0
        return DistilledHead(
            self.mean,
            self.scale,
            self.weight.repeat_interleave(2, dim=0)[:dimensions] * side[:, None] * scaled,
            self.opening.repeat_interleave(2)[:dimensions] * scaled,
            side * size,
            -threshold * slope if size else 0.0,
        )


@dataclass(frozen=True)
class Design:
    """Training images along the principal directions of each family, for any number of fits.

    x: the standardised embedding.
    directions: of each family, (column, direction).
    scores: the images' coordinates along the directions of all families.
    """

    data: TrainingSet
    families: Sequence[Family]
    mean: Float[Tensor, " feature"]
    scale: Float[Tensor, " feature"]
    x: Float[Tensor, "image feature"]
    directions: Sequence[Float[Tensor, "_ _"]]
    scores: Float[Tensor, "image direction"]

    @classmethod
    def of(
        cls,
        data: TrainingSet,
        families: Sequence[Family],
        mean: Float[Tensor, " feature"],
        scale: Float[Tensor, " feature"],
    ) -> Design:
        """Standardise the images and find their directions."""
        x = (data.embedding - mean) / scale
        directions = [_directions(x[:, family]) for family in families]
        by_family = [x[:, family] @ base for family, base in zip(families, directions, strict=True)]
        return cls(data, families, mean, scale, x, directions, torch.cat(by_family, dim=1))


def fit(design: Design, penalty: float) -> FamilyScores:
    """Fit the scores from scratch; `penalty` weighs the squared norm of their weights."""
    weight = regress(design, penalty, offset=torch.zeros(len(design.x)))
    opening = OPENING * (design.x @ weight.T).std(dim=0, correction=0)
    return FamilyScores(design.mean, design.scale, weight, opening)


def refit(design: Design, parent: DistilledHead) -> FamilyScores:
    """Fit a change of the parent's scores, its squared norm weighed by `ANCHOR`.

    The design is in the parent's standardisation, its families in the parent's order.
    """
    known = parent.weight[::2]
    change = regress(design, ANCHOR, offset=(design.x @ known.T).sum(dim=1))
    return FamilyScores(parent.mean, parent.scale, known + change, parent.bias[::2])


def in_order_of(parent: DistilledHead, families: Sequence[Family]) -> list[Family]:
    """Order the families as the pairs of the parent's dimensions read them."""
    weight = parent.weight[::2]
    reads = torch.stack([weight[:, family].abs().sum(dim=1) for family in families], dim=1)
    rows, order = linear_sum_assignment(-(reads > 0).double().numpy())
    return [families[index] for index in order[np.argsort(rows)]]


def regress(
    design: Design, penalty: float, *, offset: Float[Tensor, " image"]
) -> Float[Tensor, "family feature"]:
    """Fit a logistic regression on top of `offset`, in each family's own directions (L-BFGS)."""
    scores, data = design.scores, design.data
    weight, intercept = torch.zeros(scores.shape[1]), torch.zeros(())
    parameters = [weight.requires_grad_(), intercept.requires_grad_()]
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=MAX_ITERATIONS, history_size=20, line_search_fn="strong_wolfe"
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
    fitted = torch.zeros(len(design.families), design.x.shape[1])
    parts = torch.split(weight.detach(), [base.shape[1] for base in design.directions])
    for row, (family, base, part) in enumerate(
        zip(design.families, design.directions, parts, strict=True)
    ):
        fitted[row, torch.from_numpy(family)] = base @ part
    return fitted


def _directions(x: Float[Tensor, "image column"]) -> Float[Tensor, "column direction"]:
    """Compute a family's principal directions, those of little variance stretched by `WHITENING`.

    A penalty on weights along them costs subtle evidence less than a plain one does: what gives an
    image away moves an embedding less than what it shows. There are no more directions than
    images, and none where all images are equal.
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
