"""Shortcuts: how well facts that say nothing of what an image shows predict its label."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy import ndarray

from workbench.analysis.intervals import Estimate
from workbench.analysis.metrics import auc_with_interval

BOUND: Final = 0.6
"""The lower end of an AUC's interval above which facts are a shortcut: the one definition.

The same from which on a model's own AUC is called a clear signal: what facts alone can do to that
degree, a model's figures may be made of.
"""

_FOLDS: Final = 5
MIN_PER_LABEL: Final = 10


def is_shortcut(estimate: Estimate | None) -> bool:
    """Whether facts that predict the label so well make figures doubtful."""
    return estimate is not None and estimate.low > BOUND


def predictability(
    facts: Float[ndarray, "image fact"],
    fake: Bool[ndarray, " image"],
    group: Shaped[ndarray, " image"],
) -> Estimate | None:
    """How well facts alone predict the label: AUC of a small tree, cross-validated by group.

    None where a label has fewer than 10 images, or lies in a single group. Facts that are the same
    for all predict nothing: 0.5.
    """
    # Here, so that pages and commands that predict nothing need not wait for it.
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict  # noqa: PLC0415
    from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415

    folds = min(_FOLDS, *(len(np.unique(group[fake == label])) for label in (False, True)))
    if folds < 2 or min(fake.sum(), (~fake).sum()) < MIN_PER_LABEL:
        return None
    if (facts == facts[0]).all():
        return Estimate(0.5, 0.5, 0.5)
    # A tree cuts at thresholds: scales do not matter, and formats need no columns of their own.
    tree = DecisionTreeClassifier(max_leaf_nodes=16, min_samples_leaf=5, random_state=0)
    divided = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    scores = cross_val_predict(tree, facts, fake, groups=group, cv=divided, method="predict_proba")
    # Each fold has a tree of its own: what they are all sure of is the same to no digit.
    return auc_with_interval(fake, np.round(scores[:, 1], 2), group, seed=0)
