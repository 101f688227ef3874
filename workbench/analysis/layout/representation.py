"""What a layout is computed from: what images show, and the model's evidence beside it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from sklearn.decomposition import PCA

from workbench.analysis.layout.mixtures import Mixture

COMPONENTS = 50
"""Principal components of the content that a layout sees."""
FITTED_AT_MOST = 20_000
"""Images that the components are computed from."""

_ROUNDING = 1e-5
"""Standard deviation up to which a feature says nothing, in parts of its mean's size, which is
taken for `_LEAST` at least."""
_LEAST = 0.1


def principal_components(
    content: Float[ndarray, "image feature"], *, seed: int
) -> Float[ndarray, "image component"]:
    """Compute the principal components of the standardised features, at most `COMPONENTS`."""
    count, features = content.shape
    if min(count, features) < 2:
        return np.zeros((count, 1))
    fitted = content
    if count > FITTED_AT_MOST:
        chosen = np.random.default_rng(seed).choice(count, FITTED_AT_MOST, replace=False)
        fitted = content[np.sort(chosen)]
    mean, scale = fitted.mean(axis=0), fitted.std(axis=0)
    varies = scale > _ROUNDING * np.maximum(np.abs(mean), _LEAST)
    if not varies.any():
        return np.zeros((count, 1))
    scale = np.where(varies, scale, np.inf)
    kept = min(COMPONENTS, len(fitted) - 1, features)
    analysis = PCA(kept, svd_solver="randomized", random_state=seed).fit((fitted - mean) / scale)
    parts = (content[start : start + FITTED_AT_MOST] for start in range(0, count, FITTED_AT_MOST))
    return np.concatenate([analysis.transform((part - mean) / scale) for part in parts])


def represent(
    components: Float[ndarray, "image component"],
    evidence: Float[ndarray, "image dimension"],
    mixture: Mixture,
) -> Float[ndarray, "image feature"]:
    """Put content and evidence side by side, each with a total variance of its weight squared.

    evidence: each dimension's contribution to the logit.
    """
    parts = [
        weight * _of_unit_variance(values)
        for values, weight in ((components, mixture.content), (evidence, mixture.evidence))
        if weight
    ]
    return np.hstack(parts)


def _of_unit_variance(
    values: Float[ndarray, "image feature"],
) -> Float[ndarray, "image feature"]:
    centred = values - values.mean(axis=0, keepdims=True) if len(values) else values
    variance = float((centred**2).sum(axis=1).mean()) if len(values) else 0.0
    scaled: Float[ndarray, "image feature"] = centred / np.sqrt(variance or 1.0)
    return scaled
