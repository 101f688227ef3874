"""Training set of a distiller, and its split into fitting and validation images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from sklearn.model_selection import GroupShuffleSplit
from torch import Tensor


@dataclass(frozen=True)
class TrainingSet:
    """Embeddings with labels, weights and groups.

    embedding: x, not standardised.
    fake: 1 for fake, 0 for real.
    weight: of each image in the loss.
    group: images of one source share it, and stay on one side of a split.
    """

    embedding: Float[Tensor, "image feature"]
    fake: Float[Tensor, " image"]
    weight: Float[Tensor, " image"]
    group: Integer[ndarray, " image"]


def split(data: TrainingSet, *, seed: int) -> tuple[TrainingSet, TrainingSet]:
    """Split by group: three quarters to fit on, one to validate.

    Both sides have both labels. Where no such split is found, both are the whole set.
    """
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
