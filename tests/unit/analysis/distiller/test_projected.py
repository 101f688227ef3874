"""A distiller is trained on what its projection gives, and explains what the encoder gave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from workbench.analysis.cross_fitting.folds import divide
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.families import feature_families
from workbench.analysis.distiller.projected import same_projection, train_behind
from workbench.analysis.distiller.train import train
from workbench.analysis.encoders.protocol import Feature
from workbench.analysis.spelling.projection import Projection, projected_features

FEATURES = (
    Feature(0, "patch_mean", 0, 6),
    Feature(0, "patch_spread", 6, 12),
    Feature(1, "patch_mean", 12, 18),
    Feature(1, "patch_spread", 18, 24),
)


def images(count: int = 80) -> TrainingSet:
    generator = torch.Generator().manual_seed(0)
    embedding = torch.randn(count, 24, generator=generator)
    fake = (embedding[:, :4].sum(dim=1) + torch.randn(count, generator=generator) > 0).float()
    group = np.arange(count)
    return TrainingSet(
        embedding, fake, torch.ones(count), group, divide(fake.numpy() > 0, group).by_image
    )


def projection(seed: int = 0) -> Projection:
    generator = torch.Generator().manual_seed(seed)
    data = images().embedding
    weights = tuple(torch.linalg.qr(torch.randn(6, 3, generator=generator)).Q.T for _ in FEATURES)
    return Projection(data.mean(dim=0), data.std(dim=0), weights)


def test_without_a_projection_it_is_plain_training() -> None:
    found = train_behind(None, images(), FEATURES, dimensions=4)
    expected = train(images(), feature_families(FEATURES, 2), dimensions=4)

    assert found.head.projection is None
    assert torch.equal(found.head.weight, expected.head.weight)


def test_behind_a_projection_it_is_training_on_v() -> None:
    data, before = images(), projection()
    found = train_behind(before, data, FEATURES, dimensions=4)
    expected = train(
        replace(data, embedding=before.project(data.embedding)),
        feature_families(projected_features(FEATURES), 2),
        dimensions=4,
    )

    assert found.head.projection is before
    assert torch.equal(
        found.head.logit(data.embedding), expected.head.logit(before.project(data.embedding))
    )


def test_a_dimension_still_reads_the_features_of_its_family_only() -> None:
    head = train_behind(projection(), images(), FEATURES, dimensions=4).head
    families = feature_families(FEATURES, 2)
    x = images().embedding[:1]

    for pair in (0, 2):
        share = head.share_gradient(x)[0, pair]
        read = [bool(share[torch.from_numpy(own)].any()) for own in families]
        assert sorted(read) == [False, True]


def test_a_retrain_starts_from_a_parent_behind_the_same_projection_only() -> None:
    data = images()
    parent = train_behind(projection(), data, FEATURES, dimensions=4)

    def again(before: Projection) -> torch.Tensor:
        made = train_behind(before, data, FEATURES, dimensions=4, parent=parent)
        return made.head.weight

    def afresh(before: Projection) -> torch.Tensor:
        return train_behind(before, data, FEATURES, dimensions=4).head.weight

    assert not torch.equal(again(projection()), afresh(projection()))
    assert torch.equal(again(projection(1)), afresh(projection(1)))


def test_projections_are_the_same_by_what_they_hold() -> None:
    assert same_projection(projection(), projection())
    assert not same_projection(projection(), projection(1))
    assert not same_projection(projection(), None)
    assert same_projection(None, None)
