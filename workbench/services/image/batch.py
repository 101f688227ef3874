"""Many pictures at once, for documents that hold them: as many queries for hundreds as for one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select, tuple_
from sqlalchemy.orm import joinedload

from workbench.services.errors import NotFoundError, ServiceError
from workbench.services.image import media
from workbench.services.models.versions import finished_version
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import PixelGroup, Prediction, ResultShard
from workbench.store.versions import ModelVersion

Row = TypeVar("Row", Image, PixelGroup)


@dataclass(frozen=True)
class WholeImage:
    """A normalised image."""

    image_id: int


@dataclass(frozen=True)
class Thumbnail:
    """An image as a square of `size` pixels."""

    image_id: int
    size: int


@dataclass(frozen=True)
class Crop:
    """The surroundings of a pixel group, its outline drawn, as a square of `size` pixels."""

    group_id: int
    size: int


@dataclass(frozen=True)
class Heatmap:
    """A version's contributions over an image, in colours; in total where `dimension` is None."""

    version_id: int
    image_id: int
    dimension: int | None = None


Picture = WholeImage | Thumbnail | Crop | Heatmap


def pictures(wanted: Iterable[Picture]) -> dict[Picture, bytes]:
    """The files' contents. Those that are not there, or whose file is lost, are left out.

    At most four queries, and three for each version.
    """
    asked = set(wanted)
    rows = _Rows(asked)
    found = {}
    for each in asked:
        try:
            found[each] = rows.content(each)
        except (ServiceError, OSError):
            continue
    return found


class _Rows:
    """The rows that some pictures are made of, each read once and kept."""

    def __init__(self, wanted: Collection[Picture]) -> None:
        self._groups = _by_id(
            PixelGroup, {each.group_id for each in wanted if isinstance(each, Crop)}
        )
        maps = [each for each in wanted if isinstance(each, Heatmap)]
        shown = {each.image_id for each in wanted if isinstance(each, WholeImage | Thumbnail)}
        self._images = _by_id(Image, shown | {group.image_id for group in self._groups.values()})
        versions = {each.version_id for each in maps}
        versions |= {group.version_id for group in self._groups.values()}
        self._versions = {each: _finished(each) for each in versions}
        self._predictions = _predictions({(each.version_id, each.image_id) for each in maps})

    def content(self, wanted: Picture) -> bytes:
        """A picture's file. Raises ServiceError or OSError where it cannot be had."""
        if isinstance(wanted, Heatmap):
            prediction = self._predictions.get((wanted.version_id, wanted.image_id))
            version = self._versions[wanted.version_id]
            if prediction is None or version is None:
                raise NotFoundError
            return media.heatmap_of(version, prediction, wanted.dimension)
        if isinstance(wanted, Crop):
            group = self._groups.get(wanted.group_id)
            if group is None or self._versions[group.version_id] is None:
                raise NotFoundError
            return media.crop_of(group, self._image(group.image_id), wanted.size)
        image = self._image(wanted.image_id)
        if isinstance(wanted, Thumbnail):
            return media.thumbnail_of(image, wanted.size)
        return media.content_of(image)

    def _image(self, image_id: int) -> Image:
        image = self._images.get(image_id)
        if image is None:
            raise NotFoundError
        return image


def _by_id(model: type[Row], ids: Collection[int]) -> dict[int, Row]:
    if not ids:
        return {}
    return {row.id: row for row in session().scalars(select(model).where(model.id.in_(ids)))}


def _finished(version_id: int) -> ModelVersion | None:
    try:
        return finished_version(version_id)
    except NotFoundError:
        return None


def _predictions(keys: Collection[tuple[int, int]]) -> dict[tuple[int, int], Prediction]:
    """By version and image, with what is needed to read their maps."""
    if not keys:
        return {}
    found = session().scalars(
        select(Prediction)
        .options(joinedload(Prediction.shard).joinedload(ResultShard.artifact))
        .where(tuple_(Prediction.version_id, Prediction.image_id).in_(keys))
    )
    return {(each.version_id, each.image_id): each for each in found}
