"""Calibration of scores, and its error: of images with p(fake) = 0.8, 80% should be fake."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.optimize import minimize
from scipy.special import expit

BINS = 10


def decision_threshold(
    score: Float[ndarray, " image"], fake: Bool[ndarray, " image"], weight: Float[ndarray, " image"]
) -> float:
    """Fit the score at which an image is as likely fake as real; 0 where scores tell nothing."""
    slope, intercept = _platt(score, fake, weight, shifted=True)
    return -intercept / slope if slope > 0 else 0.0


def inverse_temperature(
    score: Float[ndarray, " image"], fake: Bool[ndarray, " image"], weight: Float[ndarray, " image"]
) -> float:
    """Fit the factor that turns a score with threshold 0 into a calibrated logit; at least 0.

    The scores must be of images that the scoring model was not trained on (temperature scaling, Guo
    et al., ICML 2017, arXiv 1706.04599, section 4.2). A score that is negatively correlated with
    the label gets 0.
    """
    return _platt(score, fake, weight, shifted=False)[0]


def _platt(
    score: Float[ndarray, " image"],
    fake: Bool[ndarray, " image"],
    weight: Float[ndarray, " image"],
    *,
    shifted: bool,
) -> tuple[float, float]:
    """Fit slope (>= 0) and intercept (0 unless `shifted`) of a logistic regression on one score.

    With the targets of Platt (1999), (N+ + 1) / (N+ + 2) and 1 / (N- + 2), which keep the slope
    finite where the labels are separated.
    """
    fakes, reals = float(weight[fake].sum()), float(weight[~fake].sum())
    target = np.where(fake, (fakes + 1) / (fakes + 2), 1 / (reals + 2))
    size = float(np.abs(score).mean()) or 1.0
    total = float(weight.sum()) or 1.0

    def loss(parameters: Float[ndarray, " 2"]) -> tuple[float, Float[ndarray, " 2"]]:
        logit = parameters[0] * score / size + parameters[1]
        error = (expit(logit) - target) * weight / total
        value = ((np.logaddexp(0, logit) - target * logit) * weight).sum() / total
        return float(value), np.array([(error * score / size).sum(), error.sum()])

    bounds = [(0.0, None), (None, None) if shifted else (0.0, 0.0)]
    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.x[0]) / size, float(found.x[1])


def expected_calibration_error(
    p: Float[ndarray, " image"], fake: Bool[ndarray, " image"]
) -> float | None:
    """Compute the expected calibration error over ten equal bins of p, in [0, 1].

    Mean |share of fakes - mean p|, weighted by images (Guo et al., ICML 2017, arXiv 1706.04599,
    equation 3, for p(fake) instead of the confidence). Not 0 on small samples: about 0.04 on 200
    well calibrated images. None without images.
    """
    if not len(p):
        return None
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    gap = np.bincount(bins, weights=fake - p, minlength=BINS)
    return float(np.abs(gap).sum() / len(p))
