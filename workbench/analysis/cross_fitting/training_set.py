"""Training set of a distiller: embeddings with labels, weights and folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from numpy import ndarray
from torch import Tensor


@dataclass(frozen=True)
class TrainingSet:
    """Embeddings with labels, weights, groups and folds.

    embedding: x, not standardised.
    fake: 1 for fake, 0 for real.
    weight: of each image in the loss.
    group: images of one source share it.
    fold: whose head is not trained on the image (`folds.divide`); not asked for in a test set.
    """

    embedding: Float[Tensor, "image feature"]
    fake: Float[Tensor, " image"]
    weight: Float[Tensor, " image"]
    group: Integer[ndarray, " image"]
    fold: Integer[ndarray, " image"]

    @property
    def labels(self) -> Bool[ndarray, " image"]:
        """Whether each image is fake."""
        return self.fake.numpy() > 0

    @property
    def has_both_labels(self) -> bool:
        """Whether there is a real image and a fake one."""
        return len(self.fake) > 0 and bool(self.fake.min() < self.fake.max())

    def check_labels(self) -> None:
        """Raise ValueError, which says what is missing, without a real and a fake image."""
        if self.has_both_labels:
            return
        count = len(self.fake)
        found = "there is none of either"
        if count:
            label = "fake" if self.labels[0] else "real"
            found = f"all {count:,} training images are {label}"
            if count == 1:
                found = f"the only training image is {label}"
        raise ValueError(f"training needs both real and fake images; {found}")

    def subset(self, chosen: Bool[ndarray, " image"]) -> TrainingSet:
        """Select images by a mask."""
        return self.rows(np.flatnonzero(chosen))

    def rows(self, rows: Integer[ndarray, " chosen"]) -> TrainingSet:
        """Select images by their rows, in that order."""
        index = torch.from_numpy(rows)
        return TrainingSet(
            self.embedding[index],
            self.fake[index],
            self.weight[index],
            self.group[rows],
            self.fold[rows],
        )
