"""Small training sets of embeddings alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from workbench.analysis.cross_fitting.folds import divide
from workbench.analysis.cross_fitting.training_set import TrainingSet


def toy_set(count: int = 120, *, seed: int = 0, shift: float = 2.0) -> TrainingSet:
    """Two labels apart along two of six features; three images a group."""
    random = torch.Generator().manual_seed(seed)
    fake = (torch.arange(count) % 2).float()
    embedding = torch.randn(count, 6, generator=random)
    embedding[:, 0] += shift * fake
    embedding[:, 3] -= shift * fake
    group = np.arange(count) // 3
    return TrainingSet(
        embedding=embedding * torch.tensor([1.0, 5.0, 0.1, 2.0, 1.0, 1.0]) + 3.0,
        fake=fake,
        weight=torch.ones(count),
        group=group,
        fold=divide(fake.numpy() > 0, group).by_image,
    )


def noise(count: int = 100, features: int = 400) -> TrainingSet:
    """Images that say nothing of their labels, and more features than images."""
    data = toy_set(count)
    x = torch.randn(count, features, generator=torch.Generator().manual_seed(5))
    return replace(data, embedding=x)


def in_folds(data: TrainingSet, seed: int) -> TrainingSet:
    """The same set, divided by another seed."""
    return replace(data, fold=divide(data.labels, data.group, seed=seed).by_image)


def with_label_turned(data: TrainingSet, image: int) -> TrainingSet:
    """The same set, with the other label for one image."""
    fake = data.fake.clone()
    fake[image] = 1 - fake[image]
    return replace(data, fake=fake)
