"""Heatmaps as pictures: what they say is what the version's token maps say."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select

from workbench.analysis.heatmap import RAMP
from workbench.config import Settings
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.image.media import heatmap, heatmap_levels, map_key
from workbench.services.models.arrays import logit_weights_of, rows_of
from workbench.store.database import session
from workbench.store.results import Prediction

pytestmark = pytest.mark.analysed


@pytest.fixture
def image_id(version_id: int) -> int:
    """The image that the version finds most fake."""
    found = session().scalar(
        select(Prediction.image_id)
        .where(Prediction.version_id == version_id)
        .order_by(Prediction.logit.desc())
        .limit(1)
    )
    assert found is not None
    return found


def pixels(content: bytes) -> NDArray[np.uint8]:
    picture = Picture.open(io.BytesIO(content))
    return np.asarray(picture.convert("RGBA") if picture.mode == "P" else picture)


def test_a_grey_level_tells_the_contribution_within_half_a_step(
    version_id: int, image_id: int, settings: Settings
) -> None:
    key = map_key(version_id)
    weights = logit_weights_of(version_id, settings)
    _activations, maps = rows_of(version_id, image_id, settings)
    dimension = int(np.abs(maps * weights[:, None]).sum(axis=1).argmax())

    levels = pixels(heatmap_levels(version_id, image_id, dimension)).astype(np.float32)

    assert levels.ndim == 2, "one channel of grey"
    side = round(maps.shape[1] ** 0.5)
    square = (maps[dimension] * weights[dimension]).reshape(side, side)
    wanted = cv2.resize(square, levels.shape[::-1], interpolation=cv2.INTER_CUBIC)
    wanted = np.clip(wanted, -key.scale, key.scale)
    told = (levels - key.zero) / key.steps * key.scale
    assert np.abs(told - wanted).max() <= key.scale / key.steps * 0.501
    strong = np.abs(wanted) > key.scale / key.steps
    assert strong.any()
    assert np.array_equal(np.sign(told[strong]), np.sign(wanted[strong]))


@pytest.mark.parametrize("dimension", [None, 0, 1])
def test_the_coloured_picture_is_the_grey_one_in_the_ramp_s_colours(
    version_id: int, image_id: int, dimension: int | None
) -> None:
    levels = pixels(heatmap_levels(version_id, image_id, dimension))

    assert np.array_equal(pixels(heatmap(version_id, image_id, dimension)), RAMP[levels])


def test_the_key_s_ramp_is_the_one_that_pictures_are_painted_with(version_id: int) -> None:
    assert np.array_equal(np.array(map_key(version_id).ramp), RAMP)


def test_a_version_has_no_map_of_a_dimension_or_image_that_it_has_not(
    version_id: int, image_id: int
) -> None:
    with pytest.raises(InvalidError, match="Dimensions of this version are 0 to"):
        heatmap_levels(version_id, image_id, 60)
    with pytest.raises(NotFoundError):
        heatmap_levels(version_id, 10**6, None)
    for attempt in (lambda: heatmap_levels(10**6, image_id, None), lambda: map_key(10**6)):
        with pytest.raises(NotFoundError, match="version not found"):
            attempt()
