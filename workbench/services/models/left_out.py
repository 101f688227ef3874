"""Images that a version has no prediction for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import exists, select

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.config import Settings
from workbench.services.encoding.pixels import SOURCE, PixelSource, can_be_read
from workbench.services.models.versions import IMAGE_SIZE
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Prediction
from workbench.store.versions import ModelVersion

NAMED = 20
"""So many of them are named."""


@dataclass(frozen=True)
class LeftOut:
    """Images that a version could not be made of: their files are lost."""

    count: int
    names: tuple[str, ...]


def left_out(version_id: int, collection_id: int, settings: Settings) -> LeftOut:
    """The collection's images without a prediction whose pixels cannot be read."""
    lost = [name for name, whole in _unscored(version_id, collection_id, settings) if not whole]
    return LeftOut(len(lost), tuple(lost[:NAMED]))


def has_all_it_can(version_id: int, collection_id: int, settings: Settings) -> bool:
    """Whether a version has a prediction for every image that is not lost."""
    return not any(whole for _name, whole in _unscored(version_id, collection_id, settings))


def _unscored(
    version_id: int, collection_id: int, settings: Settings
) -> Iterator[tuple[str, bool]]:
    """Names of the images without a prediction, and whether their pixels can be read."""
    version = session().get_one(ModelVersion, version_id)
    side = version.metrics.get(IMAGE_SIZE, NORMAL_SIZE)
    scored = exists().where(Prediction.version_id == version_id, Prediction.image_id == Image.id)
    found = session().execute(
        select(Image.name, *SOURCE)
        .where(Image.collection_id == collection_id, ~scored)
        .order_by(Image.id)
        .execution_options(yield_per=1000)
    )
    return ((name, can_be_read(PixelSource.of(*source), side, settings)) for name, *source in found)
