"""Likely label errors, by confident learning on cross-fitted scores."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Integer
from numpy import ndarray


def likely_label_errors(
    fake: Bool[ndarray, " image"], p: Float[ndarray, " image"]
) -> Integer[ndarray, " error"]:
    """Find the images whose label is likely wrong, the surest first.

    fake: the given label. p: p(fake), by a head that the image was not trained on.

    An image counts for the other label where the model is as sure of that one as it is, on
    average, of images that bear it, and surer than of its own: the off-diagonal of the confident
    joint (Northcutt, Jiang and Chuang, JAIR 2021).
    """
    if not fake.any() or fake.all():
        return np.empty(0, np.int64)
    own = np.where(fake, p, 1 - p)
    sure_of_fake, sure_of_real = float(p[fake].mean()), float((1 - p[~fake]).mean())
    other = 1 - own
    threshold = np.where(fake, sure_of_real, sure_of_fake)
    found = np.flatnonzero((other >= threshold) & (other > own))
    return found[np.argsort(own[found], kind="stable")]
