"""The scale of heatmaps is that of all images of a version, in whatever order they came."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from flask import Flask
from numpy.typing import NDArray
from sqlalchemy import select

from tests.support.rows import fill_every_table
from workbench.analysis.distiller.head import DistilledHead
from workbench.config import Settings
from workbench.services.pipeline.contributions import SCALE_PERCENTILE, map_scale
from workbench.store.artifacts import Artifact, store_arrays
from workbench.store.database import transaction
from workbench.store.results import ResultShard

WEIGHTS = (1.5, -0.5)
HEAD = DistilledHead(
    mean=torch.zeros(3),
    scale=torch.ones(3),
    weight=torch.zeros(2, 3),
    bias=torch.zeros(2),
    logit_weight=torch.tensor(WEIGHTS),
    logit_bias=0.0,
)
Maps = NDArray[np.float16]


@pytest.fixture
def shards() -> list[Maps]:
    """Token maps (image, K, patch): 96 images of one label, faint, then 32 of the other, strong."""
    random = np.random.default_rng(5)
    drawn = random.normal(size=(128, 2, 16)) * np.repeat([0.01, 1.0], [96, 32])[:, None, None]
    return np.split(drawn.astype(np.float16), 4)


def scale_of(shards: Sequence[Maps], settings: Settings) -> float:
    with transaction() as write:
        first = write.scalars(select(ResultShard).order_by(ResultShard.id)).first()
        assert first is not None
        for each in write.scalars(select(ResultShard).where(ResultShard.id != first.id)).all():
            write.delete(each)
        first.artifact = _stored(shards[0], settings)
        write.flush()
        write.add_all(
            ResultShard(version_id=first.version_id, artifact=_stored(each, settings))
            for each in shards[1:]
        )
        version_id = first.version_id
    return map_scale(version_id, HEAD, settings)


def _stored(maps: Maps, settings: Settings) -> Artifact:
    return store_arrays(settings.artifact_dir, "results", {"token_maps": maps})


def test_it_is_a_percentile_over_all_images(
    tables: Flask, shards: list[Maps], settings: Settings
) -> None:
    fill_every_table()
    maps = np.concatenate(shards).astype(np.float64)
    contributions = np.abs(np.einsum("ikp,k->ip", maps, WEIGHTS))

    found = scale_of(shards, settings)

    assert found == pytest.approx(np.percentile(contributions, SCALE_PERCENTILE), rel=0.02)
    assert found > 20 * np.percentile(contributions[:64], SCALE_PERCENTILE)


def test_it_does_not_depend_on_the_order_of_import(
    tables: Flask, shards: list[Maps], settings: Settings
) -> None:
    fill_every_table()
    images = np.concatenate(shards)
    shuffled = images[np.random.default_rng(1).permutation(len(images))]

    scales = {
        scale_of(order, settings)
        for order in (shards, shards[::-1], np.split(shuffled, 4), [images])
    }

    assert len(scales) == 1


def test_without_contributions_it_is_one(tables: Flask, settings: Settings) -> None:
    fill_every_table()

    assert scale_of([np.zeros((2, 2, 4), np.float16)], settings) == 1.0
