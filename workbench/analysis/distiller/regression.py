"""Logistic regression on columns of an embedding: the linear score that evidence is made of."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from torch import Tensor
from torch.nn import functional

from workbench.analysis.cross_fitting.training_set import TrainingSet

ANCHOR = 6.0
"""Weight of the squared norm of what a retrain changes in its parent's weights.

At 3, 5% of labels flipped at random on 600 faces leave dimensions that match the parent's at 0.947
and cost 0.019 AUC; at 9, 0.971 and 0.009; at 30 nothing is learned any more."""
WHITENING = 0.35
"""How far the variances of principal directions are equalised: 0 not at all, 1 fully."""
MAX_ITERATIONS = 100


@dataclass(frozen=True)
class Design:
    """Training images along the principal directions of some columns, for any number of fits.

    x: the standardised embedding, all columns of it.
    columns: those that are read.
    directions: by row, of `columns`.
    scores: the images' coordinates along the directions.
    """

    data: TrainingSet
    x: Float[Tensor, "image feature"]
    columns: Integer[ndarray, " column"]
    directions: Float[Tensor, "column direction"]
    scores: Float[Tensor, "image direction"]

    @classmethod
    def of(
        cls,
        data: TrainingSet,
        columns: Integer[ndarray, " column"],
        mean: Float[Tensor, " feature"],
        scale: Float[Tensor, " feature"],
    ) -> Design:
        """Standardise the images and find their directions."""
        x = (data.embedding - mean) / scale
        directions = principal_directions(x[:, columns])
        return cls(data, x, columns, directions, x[:, columns] @ directions)


def regress(
    design: Design, penalty: float, *, offset: Float[Tensor, " image"]
) -> Float[Tensor, " feature"]:
    """Fit a logistic regression on top of `offset` (L-BFGS); `penalty` weighs the squared norm."""
    weight = fit_logistic(design.scores, design.data, penalty, offset=offset)
    fitted = torch.zeros(design.x.shape[1])
    fitted[torch.from_numpy(design.columns)] = design.directions @ weight
    return fitted


def fit_logistic(
    x: Float[Tensor, "image feature"],
    data: TrainingSet,
    penalty: float,
    *,
    offset: Float[Tensor, " image"],
) -> Float[Tensor, " feature"]:
    """Fit weights on top of `offset`, with an intercept; `penalty` weighs their squared norm."""
    weight, intercept = torch.zeros(x.shape[1]), torch.zeros(())
    parameters = [weight.requires_grad_(), intercept.requires_grad_()]
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=MAX_ITERATIONS, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        logit = offset + x @ weight + intercept
        value = functional.binary_cross_entropy_with_logits(logit, data.fake, weight=data.weight)
        value = value + penalty * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach()


def principal_directions(x: Float[Tensor, "image column"]) -> Float[Tensor, "column direction"]:
    """Compute principal directions, those of little variance stretched by `WHITENING`.

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
