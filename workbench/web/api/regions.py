"""Regions drawn by hand; those of an image are listed with it."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Blueprint
from pydantic import Field

from workbench.services.regions import drawn
from workbench.services.regions.shapes import MOST_POINTS, MOST_RUNS, MOST_STEPS
from workbench.services.review import findings
from workbench.services.review.findings import LONGEST_REASON
from workbench.services.review.tags import LONGEST_NAME
from workbench.store.database import LARGEST_ID
from workbench.web.api.models import Id, Input, Ordinal, Output
from workbench.web.api.operations import operation
from workbench.web.api.taggings import GivenTag, Severity
from workbench.web.api.viewing import version_of
from workbench.web.request.drawing import LARGEST_SIDE, MOST_GROUPS, drawing_of
from workbench.web.site import limits, security

blueprint = Blueprint("regions", __name__)
TAG = "Regions"
Side = Annotated[int, Field(ge=1, le=LARGEST_SIDE)]
Place = Annotated[float, Field(ge=-LARGEST_SIDE, le=LARGEST_SIDE)]


class Step(Input):
    """One shape that is added, or erased."""

    tool: Literal["box", "polygon", "lasso", "brush", "superpixels", "groups"]
    erase: bool = False
    points: list[Place] = Field(default_factory=list, max_length=2 * MOST_POINTS)
    """x, y, x, y, … in pixels of the picture; of a box two corners."""
    radius: float = Field(default=0, ge=0, le=LARGEST_SIDE)
    """Of the brush."""
    cells: list[Annotated[int, Field(ge=0, le=LARGEST_ID)]] = Field(
        default_factory=list, max_length=2 * MOST_RUNS
    )
    """Of superpixels: first, length, … of runs along the rows of the analysed square."""
    groups: list[Id] = Field(default_factory=list, max_length=MOST_GROUPS)
    """Ids of pixel groups."""


class Shape(Input):
    """What is drawn, on a picture of this size: the original, or the one that is analysed."""

    width: Side
    height: Side
    steps: list[Step] = Field(min_length=1, max_length=MOST_STEPS)


class Described(Input):
    """A tag with why it is there."""

    tag: str = Field(min_length=1, max_length=LONGEST_NAME)
    reason: str = Field(default="", max_length=LONGEST_REASON)
    severity: Severity | None = None


class NewRegion(Described):
    """A region, and the tag that says what is there."""

    shape: Shape
    version: Ordinal | None = None
    """The model version that was looked at; the active one by default."""


class MadeRegion(Output):
    """A region as it stands after somebody drew it, with its tag."""

    id: Id
    new: bool
    """False where somebody has drawn the very same before."""
    tagged: GivenTag


@blueprint.post("/collections/<collection:name>/images/<record:image_id>/regions")
@operation(TAG, answer=MadeRegion, action="tag", status=201)
@limits.limiter.limit("120 per minute")
def draw_region(name: str, image_id: int, json: NewRegion) -> MadeRegion:
    """Draw a region on an image, with a tag."""
    made = drawn.draw_region(
        security.user_id(),
        image_id,
        drawing_of(json.shape.model_dump()),
        json.tag,
        findings.Finding(json.reason, json.severity),
        version_id=version_of(name, json.version).id,
    )
    return MadeRegion.model_validate(made)


@blueprint.post("/regions/<record:drawn_id>/tags")
@operation(TAG, answer=GivenTag, action="tag", status=201)
def tag_region(drawn_id: int, json: Described) -> GivenTag:
    """Put another tag on a drawn region."""
    finding = findings.Finding(json.reason, json.severity)
    return GivenTag.model_validate(drawn.tag_drawn(security.user_id(), drawn_id, json.tag, finding))


@blueprint.delete("/regions/<record:drawn_id>")
@operation(TAG, action="tag")
def withdraw_region(drawn_id: int) -> None:
    """Withdraw a region of one's own, with one's own tags on it."""
    drawn.withdraw_region(security.user_id(), drawn_id)
