"""Standardisation of embeddings: the mean and the scale of each feature."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

_ROUNDING = 1e-5
"""Standard deviation up to which a feature is constant, in parts of the mean's size."""
_LEAST = 0.1
"""Size that a mean has at least for that, so that features around 0 have one."""


def standardisation(
    x: Float[Tensor, "image feature"],
) -> tuple[Float[Tensor, " feature"], Float[Tensor, " feature"]]:
    """Compute mean and scale of each feature: its standard deviation, or 1 where it is constant.

    What is constant carries nothing. Divided by what rounding makes of its deviation, an image that
    differs in it could have any score.
    """
    mean, deviation = x.mean(dim=0), x.std(dim=0, correction=0)
    constant = deviation <= _ROUNDING * mean.abs().clamp_min(_LEAST)
    return mean, deviation.masked_fill(constant, 1.0)
