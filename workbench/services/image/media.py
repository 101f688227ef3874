"""Derived pictures: thumbnails, heatmaps, crops of pixel groups. Small ones are kept on disk."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw

from workbench.analysis.heatmap import RAMP, STEPS, ZERO, contribution_map, grey_levels
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.services import app_settings
from workbench.services.errors import InvalidError, NotFoundError, UnavailableError
from workbench.services.image.kept import kept
from workbench.services.image.paths import SIZES, crop_path, patch_path, thumbnail_path
from workbench.services.models.arrays import logit_weights_of, rows_at, rows_of
from workbench.services.models.dimensions import check_dimension
from workbench.services.models.outside import require_trained
from workbench.services.models.versions import finished_version, is_finished
from workbench.store.database import session
from workbench.store.descriptions import DimensionDescription
from workbench.store.image_files import LostImageError, read_normalised
from workbench.store.images import Image
from workbench.store.results import PixelGroup, Prediction
from workbench.store.versions import ModelVersion

_OUTLINES = {"fake": (255, 158, 61), "real": (92, 168, 235)}
_PATCH_OUTLINE = (255, 255, 255)
_PATCHES_AROUND = 6
"""A crop around a patch is so many patches wide."""
_CONTEXT = 1.6
"""A crop shows its group with so many times the group's own extent around."""


def normalised(image_id: int) -> bytes:
    """The normalised image, a JPEG.

    Raises NotFoundError, and UnavailableError where its file is lost, here and below.
    """
    return content_of(image_of(image_id))


def content_of(image: Image) -> bytes:
    """The same of an image that is read already."""
    try:
        return read_normalised(app_settings.settings().image_dir, image.pixel_hash)
    except LostImageError as error:
        raise UnavailableError(lost_words(image)) from error


def lost_words(image: Image) -> str:
    """What happened to an image whose normalised file is lost, and what to do."""
    return gettext(
        "The normalised image of %(name)s is missing or damaged. Import its original again.",
        name=image.name,
    )


def image_of(image_id: int) -> Image:
    """The row of an image. Raises NotFoundError."""
    image = session().get(Image, image_id)
    if image is None:
        raise NotFoundError(gettext("Image not found."))
    return image


def thumbnail(image_id: int, size: int) -> bytes:
    """A square JPEG of the image, 48, 96 or 192 px."""
    return thumbnail_of(image_of(image_id), size)


def thumbnail_of(image: Image, size: int) -> bytes:
    """The same of an image that is read already."""
    _check_size(size)

    def make() -> Picture.Image:
        return _picture(image).resize((size, size), Picture.Resampling.LANCZOS)

    return _kept(thumbnail_path(app_settings.settings(), image.pixel_hash, size), make)


def group_crop(group_id: int, size: int) -> bytes:
    """The surroundings of a pixel group with its outline drawn, as a square JPEG."""
    group = session().get(PixelGroup, group_id)
    # An unfinished version may go, and its ids be given out again: nothing of it is cached.
    if group is None or not is_finished(group.version_id):
        raise NotFoundError(gettext("Pixel group not found."))
    return crop_of(group, image_of(group.image_id), size)


def crop_of(group: PixelGroup, image: Image, size: int) -> bytes:
    """The same of a finished version's group that is read already, as is its image."""
    _check_size(size)
    path = crop_path(app_settings.settings(), group.version_id, group.id, size)
    return _kept(path, lambda: _crop(group, image, size))


def strongest_patch(version_id: int, dimension: int, image_id: int, size: int) -> bytes:
    """The surroundings of a patch with the most evidence of a dimension, as a square JPEG.

    At most one patch of an image is among them. Raises NotFoundError where this image's is not.
    """
    _check_size(size)
    found = session().get(DimensionDescription, (version_id, dimension))
    at = next((each for each in found.strongest if each[0] == image_id), None) if found else None
    if found is None or at is None or not is_finished(version_id):
        raise NotFoundError(gettext("This dimension has no such patch."))
    _image_id, row, column = at
    rows, columns = len(found.mean_map), len(found.mean_map[0])
    box = _Box(
        left=NORMAL_SIZE * column // columns,
        top=NORMAL_SIZE * row // rows,
        width=NORMAL_SIZE // columns,
        height=NORMAL_SIZE // rows,
    )
    path = patch_path(app_settings.settings(), version_id, dimension, image_id, size)
    return _kept(path, lambda: _around(image_of(image_id), box, size))


def _check_size(size: int) -> None:
    if size not in SIZES:
        raise InvalidError(f"Unsupported image size. Sizes are {', '.join(map(str, SIZES))} px.")


def _kept(path: Path, make: Callable[[], Picture.Image]) -> bytes:
    return kept(path, lambda: _small_jpeg(make()))


def _small_jpeg(picture: Picture.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=88)
    return content.getvalue()


def _picture(image: Image) -> Picture.Image:
    with Picture.open(io.BytesIO(content_of(image))) as picture:
        return picture.convert("RGB")


def _crop(group: PixelGroup, image: Image, size: int) -> Picture.Image:
    region = group.region
    side = min(int(max(region.width, region.height, 48) * _CONTEXT), NORMAL_SIZE)
    left = _clamped(region.left + region.width // 2 - side // 2, side)
    top = _clamped(region.top + region.height // 2 - side // 2, side)
    crop = _picture(image).crop((left, top, left + side, top + side))
    scale = size / side
    crop = crop.resize((size, size), Picture.Resampling.LANCZOS)
    draw = ImageDraw.Draw(crop)
    colour = _OUTLINES["fake" if group.contribution > 0 else "real"]
    contours, _hierarchy = cv2.findContours(
        decode_mask(region.rle, NORMAL_SIZE), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    for contour in contours:
        points = [(float(x - left) * scale, float(y - top) * scale) for x, y in contour[:, 0]]
        draw.line([*points, points[0]], fill=colour, width=max(size // 64, 1))
    return crop


@dataclass(frozen=True)
class _Box:
    """A patch, in pixels of the normalised image."""

    left: int
    top: int
    width: int
    height: int


def _around(image: Image, box: _Box, size: int) -> Picture.Image:
    side = min(max(box.width, box.height) * _PATCHES_AROUND, NORMAL_SIZE)
    left = _clamped(box.left + box.width // 2 - side // 2, side)
    top = _clamped(box.top + box.height // 2 - side // 2, side)
    crop = _picture(image).crop((left, top, left + side, top + side))
    crop = crop.resize((size, size), Picture.Resampling.LANCZOS)
    corners = [(box.left - left, box.top - top)]
    corners.append((corners[0][0] + box.width, corners[0][1] + box.height))
    scaled = [(x * size / side, y * size / side) for x, y in corners]
    ImageDraw.Draw(crop).rectangle(scaled, outline=_PATCH_OUTLINE, width=max(size // 64, 1))
    return crop


def _clamped(start: int, side: int) -> int:
    return min(max(start, 0), NORMAL_SIZE - side)


@dataclass(frozen=True)
class MapKey:
    """How to read the heatmaps of a version."""

    scale: float
    """The contribution of a patch, in logits, at either end of the grey levels and the ramp."""
    zero: int
    """The grey level of 0."""
    steps: int
    """Grey levels from 0 to `scale`."""
    ramp: tuple[tuple[int, int, int, int], ...]
    """The colour of each of the 256 grey levels: red, green, blue, opacity, each 0 to 255."""


def map_key(version_id: int) -> MapKey:
    """Scale and colours of a version's heatmaps. Raises NotFoundError, InvalidError for none."""
    version = finished_version(version_id)
    require_trained(version)
    scale = version.metrics["map_scale"]
    red_to_opacity = (tuple(map(int, colour)) for colour in RAMP)
    ramp = tuple((red, green, blue, opacity) for red, green, blue, opacity in red_to_opacity)
    return MapKey(float(scale), ZERO, STEPS, ramp)


def heatmap_levels(version_id: int, image_id: int, dimension: int | None) -> bytes:
    """Contribution over the image as an 8-bit grey PNG, to be read by `map_key`.

    On the version's own scale, the same for all its images and dimensions and never stretched for
    one; what lies beyond it is clipped. `dimension` None is the sum over all dimensions.
    """
    return _png(Picture.fromarray(_levels_of_image(version_id, image_id, dimension)))


def heatmap(version_id: int, image_id: int, dimension: int | None) -> bytes:
    """The same map in the ramp's colours, as a PNG to be laid over the image.

    The ramp is its palette: a byte a pixel is made and sent in half the time that four take.
    """
    return _coloured(_levels_of_image(version_id, image_id, dimension))


def heatmap_of(version: ModelVersion, prediction: Prediction, dimension: int | None) -> bytes:
    """The same of a finished version and its prediction on an image, both read already."""
    _activations, maps = rows_at(prediction, app_settings.settings())
    return _coloured(_levels(version, maps, dimension))


def _coloured(levels: NDArray[np.uint8]) -> bytes:
    picture = Picture.fromarray(levels).convert("P")
    picture.putpalette(RAMP.tobytes(), "RGBA")
    return _png(picture)


def _levels_of_image(version_id: int, image_id: int, dimension: int | None) -> NDArray[np.uint8]:
    version = finished_version(version_id)
    _activations, maps = rows_of(version_id, image_id, app_settings.settings())
    return _levels(version, maps, dimension)


def _levels(
    version: ModelVersion, maps: NDArray[np.float32], dimension: int | None
) -> NDArray[np.uint8]:
    """Grey levels (H, W) of a token map (K, patch)."""
    require_trained(version)
    weights = logit_weights_of(version.id, app_settings.settings())
    if dimension is not None:
        check_dimension(dimension, len(weights))
    contributions = contribution_map(maps, weights, dimension, NORMAL_SIZE)
    return grey_levels(contributions, version.metrics["map_scale"])


def _png(picture: Picture.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
