"""Distillers for benchmarks, trained as the workbench trains them."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.analysis.distiller import Trained, TrainingSet, train
from workbench.analysis.encoder import Feature
from workbench.analysis.families import feature_families

DIMENSIONS = 16
SEEDS = (0, 1, 2)


def distil(
    data: TrainingSet,
    features: Sequence[Feature],
    *,
    seeds: tuple[int, ...] = SEEDS,
    parent: Trained | None = None,
) -> Trained:
    """A distiller of 16 dimensions on an embedding with these features."""
    families = feature_families(features, DIMENSIONS // 2)
    return train(data, families, dimensions=DIMENSIONS, seeds=seeds, parent=parent)
