"""Tags on patterns, pixel groups and selections, and whether they fit."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Blueprint
from pydantic import Field

from workbench.services.explore import filters
from workbench.services.explore import tag_selection as selections
from workbench.services.review import findings, tag_checks, tags
from workbench.services.review.findings import LONGEST_REASON
from workbench.services.review.tags import LONGEST_NAME
from workbench.store.database import LARGEST_ID
from workbench.web.api.images import PutTag
from workbench.web.api.models import Id, Input, Made, Number, Ordinal, Output
from workbench.web.api.operations import operation
from workbench.web.api.viewing import FilterQuery, VersionQuery, version_of, view_of
from workbench.web.site import security

blueprint = Blueprint("taggings", __name__)
TAG = "Tags"
Severity = Literal["minor", "moderate", "severe"]


class NewTag(Input):
    """Which tag to put on."""

    tag: str = Field(min_length=1, max_length=LONGEST_NAME)
    """Its name; one that the taxonomy lacks is proposed."""


class NewSelectionTag(NewTag):
    """Which tag to put on a selection."""

    groups: int = Field(ge=0, le=LARGEST_ID)
    """Pixel groups of the selection, as they were counted: refused where these are others now."""


class GivenTag(PutTag):
    """A tag as it stands after somebody put it on."""

    new: bool
    """False where it was there already."""


class Selection(Output):
    """What a selection holds."""

    images: int
    groups: int
    """Pixel groups of the selected pattern in these images; 0 without a pattern."""


class Finding(Input):
    """Why a tag is there, and how much that disturbs."""

    reason: str = Field(default="", max_length=LONGEST_REASON)
    severity: Severity | None = None


class EditedFinding(Finding):
    """A finding in place of another."""

    revision: Ordinal
    """Of the one that was looked at: refused where it was changed since."""


class FindingState(Output):
    """The revision of a finding."""

    revision: int


class CheckAnswer(Output):
    """What somebody said of one pixel group."""

    id: Id
    fits: bool
    by: str
    at: datetime


class CheckedGroup(Output):
    """A pixel group of the sample."""

    group_id: Id
    image_id: Id
    contribution: Number
    """To the logit, + toward fake."""
    answer: CheckAnswer | None


class CheckTally(Output):
    """What share of the groups a tag does not fit, with its 95% interval."""

    checked: int
    wrong: int
    share: Number | None
    low: Number | None
    high: Number | None


class Check(Output):
    """A pattern's tag with the sample of pixel groups that it is checked on."""

    tagging: PutTag
    groups: int
    """Pixel groups that inherit the tag."""
    sample: list[CheckedGroup]
    tally: CheckTally


class NewAnswer(Input):
    """Whether a tag fits a pixel group of the sample."""

    group: Id
    fits: bool


class OneGroup(Input):
    """Which pixel group."""

    group: Id


@blueprint.post("/patterns/<record:pattern_id>/tags")
@operation(TAG, answer=GivenTag, action="tag", status=201)
def tag_pattern(pattern_id: int, json: NewTag) -> GivenTag:
    """Put a tag on a pattern.

    Its pixel groups inherit it.
    """
    return GivenTag.model_validate(tags.tag_pattern(security.user_id(), pattern_id, json.tag))


@blueprint.post("/groups/<record:group_id>/tags")
@operation(TAG, answer=GivenTag, action="tag", status=201)
def tag_group(group_id: int, json: NewTag) -> GivenTag:
    """Put a tag on one pixel group."""
    return GivenTag.model_validate(tags.tag_group(security.user_id(), group_id, json.tag))


@blueprint.get("/collections/<collection:name>/selection")
@operation(TAG, answer=Selection)
def count_selection(name: str, query: FilterQuery) -> Selection:
    """Count the images and pixel groups of a selection."""
    view, version = view_of(name, query)
    chosen = filters.choose(version.id, view.selection)
    return Selection(images=chosen.total, groups=len(chosen.groups))


@blueprint.post("/collections/<collection:name>/selection/tags")
@operation(TAG, answer=GivenTag, action="tag", status=201)
def tag_selection(name: str, query: FilterQuery, json: NewSelectionTag) -> GivenTag:
    """Put a tag on the selected pattern's pixel groups in the selected images.

    It is withdrawn as one.
    """
    view, version = view_of(name, query)
    chosen = filters.choose(version.id, view.selection)
    return GivenTag.model_validate(
        selections.tag_selection(security.user_id(), chosen, json.tag, json.groups)
    )


@blueprint.delete("/taggings/<record:tagging_id>")
@operation(TAG, action="tag")
def withdraw_tag(tagging_id: int) -> None:
    """Withdraw a tag that one has put on something."""
    tags.withdraw(security.user_id(), tagging_id)


@blueprint.put("/taggings/<record:tagging_id>/finding")
@operation(TAG, answer=FindingState, action="tag")
def describe_tag(tagging_id: int, json: EditedFinding) -> FindingState:
    """Say why a tag of one's own is there, and how severe that is."""
    wanted = findings.Finding(json.reason, json.severity)
    revision = findings.edit_finding(security.user_id(), tagging_id, wanted, json.revision)
    return FindingState(revision=revision)


@blueprint.post("/taggings/<record:tagging_id>/off")
@operation(TAG, answer=Made, action="tag", status=201)
def take_tag_off(tagging_id: int, json: OneGroup) -> Made:
    """Take a tag off one pixel group that bears it with many others.

    Answers the id of a check: withdrawn like one, the group bears the tag again.
    """
    return Made(id=tag_checks.take_off(security.user_id(), tagging_id, json.group))


@blueprint.get(
    "/collections/<collection:name>/patterns/<record:pattern_id>/tags/<record:tagging_id>"
)
@operation(TAG, answer=Check)
def get_tag_check(name: str, pattern_id: int, tagging_id: int, query: VersionQuery) -> Check:
    """Get the sample that a pattern's tag is checked on, with what was said of it."""
    version = version_of(name, query.version)
    return Check.model_validate(tag_checks.check(version.id, pattern_id, tagging_id))


@blueprint.post("/taggings/<record:tagging_id>/checks")
@operation(TAG, answer=Made, action="tag", status=201)
def answer_tag_check(tagging_id: int, json: NewAnswer) -> Made:
    """Say whether a pattern's tag fits a pixel group of the sample."""
    return Made(id=tag_checks.answer(security.user_id(), tagging_id, json.group, fits=json.fits))


@blueprint.delete("/tag-checks/<record:check_id>")
@operation(TAG, action="tag")
def withdraw_tag_check(check_id: int) -> None:
    """Withdraw an answer of one's own; the one before it counts again."""
    tag_checks.withdraw(security.user_id(), check_id)
