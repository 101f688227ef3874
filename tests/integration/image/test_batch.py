"""Pictures read together are those read one by one, at the cost of one."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.support.queries import queries
from workbench.config import Settings
from workbench.services.image import batch, media
from workbench.services.image.batch import Crop, Heatmap, Thumbnail, WholeImage
from workbench.store.database import session
from workbench.store.image_files import normalised_path
from workbench.store.images import Image
from workbench.store.results import PixelGroup, Prediction

pytestmark = pytest.mark.analysed


def test_pictures_read_together_are_those_read_one_by_one(version_id: int) -> None:
    image_ids = session().scalars(
        select(Prediction.image_id).where(Prediction.version_id == version_id).limit(4)
    )
    group_ids = session().scalars(
        select(PixelGroup.id).where(PixelGroup.version_id == version_id).limit(4)
    )
    images, groups = image_ids.all(), group_ids.all()
    expected = {
        **{WholeImage(each): media.normalised(each) for each in images},
        **{Thumbnail(each, 48): media.thumbnail(each, 48) for each in images},
        **{Crop(each, 96): media.group_crop(each, 96) for each in groups},
        **{Heatmap(version_id, each): media.heatmap(version_id, each, None) for each in images},
        **{Heatmap(version_id, each, 1): media.heatmap(version_id, each, 1) for each in images},
    }

    assert batch.pictures(expected) == expected
    assert queries(lambda: batch.pictures(expected)) <= 6


def test_what_cannot_be_had_is_left_out(version_id: int, settings: Settings) -> None:
    first, second = session().scalars(
        select(Prediction.image_id).where(Prediction.version_id == version_id).limit(2)
    )
    pixel_hash = session().get_one(Image, first).pixel_hash
    normalised_path(settings.image_dir, pixel_hash).unlink()
    whole = WholeImage(second)

    found = batch.pictures(
        [
            whole,
            WholeImage(first),
            WholeImage(999_999),
            Thumbnail(second, 7),
            Crop(999_999, 48),
            Heatmap(version_id, 999_999),
            Heatmap(999_999, second),
            Heatmap(version_id, second, 60),
        ]
    )
    assert found.keys() == {whole}
    assert batch.pictures([]) == {}
