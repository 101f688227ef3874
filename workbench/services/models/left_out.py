"""Images that a version has no prediction for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import exists, select

from workbench.config import Settings
from workbench.store.database import session
from workbench.store.image_files import is_whole
from workbench.store.images import Image
from workbench.store.results import Prediction

NAMED = 20
"""So many of them are named."""


@dataclass(frozen=True)
class LeftOut:
    """Images that a version could not be made of: their normalised files are lost."""

    count: int
    names: tuple[str, ...]


def left_out(version_id: int, collection_id: int, settings: Settings) -> LeftOut:
    """The collection's images without a prediction whose normalised files are lost."""
    lost = [name for name, whole in _unscored(version_id, collection_id, settings) if not whole]
    return LeftOut(len(lost), tuple(lost[:NAMED]))


def has_all_it_can(version_id: int, collection_id: int, settings: Settings) -> bool:
    """Whether a version has a prediction for every image that is not lost."""
    return not any(whole for _name, whole in _unscored(version_id, collection_id, settings))


def _unscored(
    version_id: int, collection_id: int, settings: Settings
) -> Iterator[tuple[str, bool]]:
    """Names of the images without a prediction, and whether their normalised files are whole."""
    scored = exists().where(Prediction.version_id == version_id, Prediction.image_id == Image.id)
    found = session().execute(
        select(Image.name, Image.pixel_hash)
        .where(Image.collection_id == collection_id, ~scored)
        .order_by(Image.id)
        .execution_options(yield_per=1000)
    )
    return ((name, is_whole(settings.image_dir, pixel_hash)) for name, pixel_hash in found)
