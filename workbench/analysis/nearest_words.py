"""Words that are nearest to pictures in a joint space of pictures and texts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray


def nearest_words(
    directions: Float[ndarray, "subject joint"], words: Float[ndarray, "word joint"], count: int
) -> list[list[int]]:
    """Rank words by how much nearer they are to a subject than to all subjects in the mean.

    Cosines; what lies near to everything ("photograph", "face") tells nothing of any one. Returns
    the indices of `count` words for each subject, best first; those only that are nearer at all. A
    single subject has nothing to be compared with: for it cosines count as they are. A subject
    without a direction has none.
    """
    cosines = _unit(directions) @ _unit(words).T
    there = np.linalg.norm(directions, axis=1) > 0
    if there.sum() > 1:
        cosines = cosines - cosines[there].mean(axis=0)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return [
        [int(word) for word in ranked if has and cosines[subject, word] > 0]
        for subject, (ranked, has) in enumerate(zip(order, there, strict=True))
    ]


def _unit(vectors: Float[ndarray, "row joint"]) -> Float[ndarray, "row joint"]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12))
