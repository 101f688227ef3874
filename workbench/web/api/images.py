"""Images under a model version: listed, one with all that is known of it, their pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Blueprint, Response
from pydantic import Field

from workbench.services.explore import filters, listing
from workbench.services.image import detail, media
from workbench.web.api.models import Id, Number, Output, Page
from workbench.web.api.operations import operation
from workbench.web.api.viewing import ImagesQuery, VersionQuery, version_of, view_of
from workbench.web.request.view_state import MOST_DIMENSIONS
from workbench.web.site.picture_types import picture

blueprint = Blueprint("images", __name__)
TAG = "Images"
CROP = 192
"""Side in pixels of the pictures of pixel groups."""
Label = Literal["real", "fake"]


class Image(Output):
    """An image as a version takes it."""

    id: Id
    name: str
    label: Label | None
    """The one that the version knew."""
    generator: str
    p: Number = Field(ge=0, le=1)
    """p(fake)."""
    outcome: str
    wrong: bool
    """Whether the version misclassifies it."""
    held_out: bool
    decision: str | None
    """What people decided; null where nobody did."""


class ImagePage(Page):
    """A page of a selection."""

    items: list[Image]
    total: int
    """Images of the selection."""


class PutTag(Output):
    """A tag on something."""

    id: Id
    """Of the tagging, by which it is withdrawn."""
    tag: str
    tag_id: int
    by: str
    at: datetime
    source: str
    """`hand`, or `pattern` where it was inherited from one."""
    share: Number
    """Of the area that lies where the tag was put."""
    reason: str
    severity: str | None
    revision: int
    """Of its reason and severity."""


class PixelGroup(Output):
    """A pixel group: a region that the version's score comes from."""

    id: Id
    number: int
    left: int
    """In pixels of the analysed square, like `top`, `width` and `height`."""
    top: int
    width: int
    height: int
    area_share: Number
    contribution: Number
    """To the logit, + toward fake."""
    pattern_id: int | None
    pattern_label: str | None
    outline: str
    """SVG path data in pixels of the analysed square."""
    tags: list[PutTag]
    suggested: list[PutTag]
    """Tags of regions that it overlaps in part."""


class DrawnRegion(Output):
    """A region that somebody drew."""

    id: Id
    by: str
    at: datetime
    tool: str
    box: tuple[Number, Number, Number, Number]
    """Left, top, width, height in pixels of the analysed square; it may reach beyond it."""
    area_share: Number
    """Of the picture that it was drawn on."""
    outline: str
    tags: list[PutTag]


class VersionScore(Output):
    """What another version says of the image."""

    number: int
    p: Number


class ImageDetail(Image):
    """An image with all that a version and people say of it."""

    imported_label: Label | None
    current_label: Label | None
    """The label that stands now: the decided one, else the imported one."""
    disputed: bool
    """Whether people disagree and nobody has adjudicated."""
    version: int
    logit: Number
    sensitivity: Number | None
    width: int
    """Of the original, in pixels, like `height`."""
    height: int
    format: str
    file_size: int
    class_name: str
    date: str
    import_notes: list[str]
    groups: list[PixelGroup]
    regions: list[DrawnRegion]
    scores: list[VersionScore]


class HeatmapQuery(VersionQuery):
    """Which heatmap."""

    dimension: int | None = Field(default=None, ge=0, le=MOST_DIMENSIONS - 1)
    """Of one dimension; of the whole score by default."""


@blueprint.get("/collections/<collection:name>/images")
@operation(TAG, answer=ImagePage)
def list_images(name: str, query: ImagesQuery) -> ImagePage:
    """List the images of a selection."""
    view, version = view_of(name, query)
    chosen = filters.choose(version.id, view.selection)
    found = listing.images(chosen, view.order, query.cursor, query.limit, view.shuffle)
    return ImagePage(
        items=[Image.model_validate(each) for each in found.cards],
        total=found.total,
        next=found.after,
    )


@blueprint.get("/collections/<collection:name>/images/<record:image_id>")
@operation(TAG, answer=ImageDetail)
def get_image(name: str, image_id: int, query: VersionQuery) -> ImageDetail:
    """Get one image with its pixel groups, regions and tags."""
    version = version_of(name, query.version)
    found = detail.image_detail(version.id, image_id)
    told = vars(found) | {
        **vars(found.card),
        "imported_label": found.standing.imported,
        "current_label": found.standing.label,
        "disputed": found.standing.disputed,
        "version": version.number,
        "width": found.original_width,
        "height": found.original_height,
        "regions": found.drawn,
    }
    return ImageDetail.model_validate(told)


@blueprint.get("/images/<record:image_id>/picture")
@operation(TAG, media="image/jpeg")
def get_picture(image_id: int) -> Response:
    """Get the picture as it is analysed."""
    return picture(media.normalised(image_id))


@blueprint.get("/collections/<collection:name>/images/<record:image_id>/heatmap")
@operation(TAG, media="image/png")
def get_heatmap(name: str, image_id: int, query: HeatmapQuery) -> Response:
    """Get the heatmap of where the score comes from, as a picture to lay over the other."""
    version = version_of(name, query.version)
    return picture(media.heatmap(version.id, image_id, query.dimension))


@blueprint.get("/groups/<record:group_id>/crop")
@operation(TAG, media="image/jpeg")
def get_group_crop(group_id: int) -> Response:
    """Get the surroundings of a pixel group, with its outline drawn."""
    return picture(media.group_crop(group_id, CROP))
