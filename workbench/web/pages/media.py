"""Pictures: by id only, with a sniffed type, and kept by the browser for good."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.image import counterfactuals, media, original
from workbench.services.image import superpixels as image_superpixels
from workbench.web.request.edits import read_edit
from workbench.web.request.parsing import whole
from workbench.web.request.view_state import MOST_DIMENSIONS
from workbench.web.site import limits, slots
from workbench.web.site.picture_types import picture

blueprint = Blueprint("media", __name__)


@blueprint.get("/images/<record:image_id>.jpg")
def image(image_id: int) -> Response:
    """The normalised image."""
    return picture(media.normalised(image_id))


def _is_quick() -> bool:
    return original.is_quick((request.view_args or {})["image_id"])


def _is_kept() -> bool:
    return original.is_tile_kept(**(request.view_args or {}))


@blueprint.get("/originals/<record:image_id>.jpg")
@slots.costly(unless=_is_quick)
def original_whole(image_id: int) -> Response:
    """The original, upright, within a bound."""
    return picture(original.whole(image_id))


@blueprint.get("/originals/<record:image_id>/<record:level>/<record:column>/<record:row>.jpg")
@slots.costly(unless=_is_kept)
def original_tile(image_id: int, level: int, column: int, row: int) -> Response:
    """A part of the original, at full resolution on level 0, at half of it on level 1."""
    return picture(original.tile(image_id, level, column, row))


@blueprint.get("/images/<record:image_id>/thumb/<picture_size:size>")
def thumbnail(image_id: int, size: int) -> Response:
    """A thumbnail of an image."""
    return picture(media.thumbnail(image_id, size))


@blueprint.get("/heatmaps/<record:version_id>/<record:image_id>.png")
def heatmap(version_id: int, image_id: int) -> Response:
    """Where an image's score comes from, in colours: in total, or of one dimension."""
    return picture(media.heatmap(version_id, image_id, _dimension()))


@blueprint.get("/maps/<record:version_id>/<record:image_id>.png")
def heatmap_levels(version_id: int, image_id: int) -> Response:
    """The same as grey levels, which the page's script reads and colours."""
    return picture(media.heatmap_levels(version_id, image_id, _dimension()))


@blueprint.get("/images/<record:image_id>/superpixels.png")
def superpixels(image_id: int) -> Response:
    """The superpixels of an image as grey levels, which the page's script reads."""
    return picture(image_superpixels.superpixel_map(image_id))


@blueprint.get("/groups/<record:group_id>/crop/<picture_size:size>")
def crop(group_id: int, size: int) -> Response:
    """The surroundings of a pixel group, with its outline drawn."""
    return picture(media.group_crop(group_id, size))


@blueprint.get(
    "/dimensions/<record:version_id>/<record:dimension>/<record:image_id>/<picture_size:size>"
)
def strongest_patch(version_id: int, dimension: int, image_id: int, size: int) -> Response:
    """The surroundings of one of the patches with the most evidence of a dimension."""
    return picture(media.strongest_patch(version_id, dimension, image_id, size))


@blueprint.get("/counterfactuals/<record:version_id>/<record:image_id>.jpg")
@limits.limiter.limit("120 per minute")
def preview(version_id: int, image_id: int) -> Response:
    """An image as a counterfactual changes it."""
    chosen = read_edit(request.args)
    if chosen is None:
        raise InvalidError(gettext("“edit” is missing: group-NUMBER or dimension-NUMBER."))
    return picture(counterfactuals.preview(version_id, image_id, chosen.edit))


def _dimension() -> int | None:
    return whole(request.args, "dimension", high=MOST_DIMENSIONS - 1)
