"""The superpixels that people choose from are those that pixel groups are made of."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import delete, select

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.errors import NotFoundError
from workbench.services.image.superpixels import superpixel_map
from workbench.store.database import session, transaction
from workbench.store.results import CachedPart, PixelGroup

pytestmark = pytest.mark.analysed


def labels_of(image_id: int) -> NDArray[np.uint8]:
    picture = Picture.open(io.BytesIO(superpixel_map(image_id)), formats=["PNG"])
    assert (picture.mode, picture.size) == ("L", (NORMAL_SIZE, NORMAL_SIZE))
    return np.asarray(picture)


def test_pixel_groups_are_whole_superpixels_with_the_cache_and_without(
    version_id: int, settings: Settings
) -> None:
    query = select(PixelGroup).where(PixelGroup.version_id == version_id).limit(12)
    groups = session().scalars(query).all()
    cached = {}
    for group in groups:
        labels = cached[group.image_id] = labels_of(group.image_id)
        mask = decode_mask(group.region.rle, NORMAL_SIZE) > 0
        assert (np.isin(labels, np.unique(labels[mask])) == mask).all()

    for path in settings.part_dir.rglob("*"):
        if path.is_file():
            path.unlink()
    with_rows = {image_id: labels_of(image_id) for image_id in cached}
    with transaction() as write:
        write.execute(delete(CachedPart))
    for image_id, labels in cached.items():
        assert (with_rows[image_id] == labels).all()
        assert (labels_of(image_id) == labels).all()


def test_an_image_that_is_not_there_has_none(version_id: int) -> None:
    with pytest.raises(NotFoundError):
        superpixel_map(4711)
