"""Distillers behind a projection: trained on v, the projected embedding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.families import feature_families
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.train import Parent, Trained, mapped, train
from workbench.analysis.encoders.protocol import Feature
from workbench.analysis.spelling.projection import Projection, projected_features, same_projection


def train_behind(
    projection: Projection | None,
    data: TrainingSet,
    features: Sequence[Feature],
    *,
    dimensions: int,
    parent: Parent | None = None,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Trained:
    """Train a distiller on v; its heads then hold the projection. Without one, train on x.

    features: those of x. Families are made of them, or of the slices of v that they become.
    parent: ignored unless it is behind the same projection, as its weights mean nothing in another
        space.
    """
    if parent is not None and not same_projection(parent.head.projection, projection):
        parent = None
    if projection is not None:
        features = projected_features(features)
        data = replace(data, embedding=projection.project(data.embedding))
    trained = train(
        data,
        feature_families(features, (dimensions + 1) // 2),
        dimensions=dimensions,
        parent=parent and replace(parent, heads=_behind(None, parent.heads)),
        advance=advance,
    )
    return replace(trained, heads=_behind(projection, trained.heads))


def _behind(
    projection: Projection | None, heads: CrossFittedHeads[DistilledHead]
) -> CrossFittedHeads[DistilledHead]:
    return mapped(heads, lambda head: replace(head, projection=projection))
