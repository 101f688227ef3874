"""Weights of the dimensions: how much a concept's evidence counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.optimize import minimize
from scipy.special import expit

from workbench.analysis.cross_fitting.calibration import platt_targets

SPREAD = 0.3
"""Standard deviation that log weights are expected to have: few differ by more than a third."""


@dataclass(frozen=True)
class ConceptWeights:
    """logit = exp(log_weight) z + bias."""

    log_weight: Float[ndarray, " dimension"]
    bias: float


def weigh(
    z: Float[ndarray, "image dimension"],
    fake: Bool[ndarray, " image"],
    weight: Float[ndarray, " image"],
    *,
    known: Float[ndarray, " dimension"] | None = None,
) -> ConceptWeights:
    """Fit weights on dimensions of images that the evidence was not learned from (stacking).

    Logistic regression with Platt's targets (`platt_targets`); the log weights have a normal prior
    of standard deviation `SPREAD` around `known`, a parent's, or 0. Evidence so keeps its sign: a
    dimension cannot be turned around. Dimensions that are 0 in all images keep their prior's
    weight; where all are, the bias is 0.
    """
    prior = np.zeros(z.shape[1]) if known is None else known.astype(float)
    if not np.any(z) or not weight.sum():
        return ConceptWeights(prior, 0.0)
    target = platt_targets(fake, weight)

    def loss(parameters: Float[ndarray, " _"]) -> tuple[float, Float[ndarray, " _"]]:
        log_weight, bias = parameters[:-1], parameters[-1]
        scaled = z * np.exp(log_weight)
        logit = scaled.sum(axis=1) + bias
        error = (expit(logit) - target) * weight
        apart = (log_weight - prior) / SPREAD
        value = ((np.logaddexp(0, logit) - target * logit) * weight).sum() + apart @ apart / 2
        slope = np.append(error @ scaled + apart / SPREAD, error.sum())
        return float(value), slope

    found = minimize(loss, np.append(prior, 0.0), jac=True, method="L-BFGS-B")
    return ConceptWeights(found.x[:-1], float(found.x[-1]))
