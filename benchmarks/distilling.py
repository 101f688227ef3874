"""Distillers for benchmarks, trained as the workbench trains them."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.analysis.distiller.families import feature_families
from workbench.analysis.distiller.train import Trained, train
from workbench.analysis.distiller.training_set import TrainingSet
from workbench.analysis.encoders.protocol import Feature

DIMENSIONS = 16


def distil(
    data: TrainingSet,
    features: Sequence[Feature],
    *,
    parent: Trained | None = None,
) -> Trained:
    """A distiller of 16 dimensions on an embedding with these features."""
    families = feature_families(features, DIMENSIONS // 2)
    return train(data, families, dimensions=DIMENSIONS, parent=parent)
