"""Changes of the taxonomy: each is previewed, then made, and can be reversed."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint
from pydantic import Field

from workbench.services.review.tags import LONGEST_NAME
from workbench.services.taxonomy import carrying_out, previews, reversal
from workbench.services.taxonomy.operations import Part
from workbench.web.api.models import Id, Input, Made, Output
from workbench.web.api.operations import operation
from workbench.web.request.active_versions import active_versions
from workbench.web.site import security

blueprint = Blueprint("taxonomy_changes", __name__)
TAG = "Taxonomy"
MOST_NAMED = 200
"""So many taggings may be named to be split off."""


class TagPart(Input):
    """Which part of what bears a tag is split off: what meets all that is given."""

    by: Id | None = None
    """The id of who put it on."""
    kind: Literal["hand", "pattern", "selection"] | None = None
    label: Literal["real", "fake"] | None = None
    """Of the image, like `generator`."""
    generator: str = Field(default="", max_length=200)
    taggings: list[Id] = Field(default_factory=list, max_length=MOST_NAMED)

    def as_part(self) -> Part:
        """The same as the service takes it."""
        return Part(self.by, self.kind, self.label, self.generator or None, tuple(self.taggings))


class PlannedChange(Input):
    """A change of the taxonomy."""

    kind: Literal["merge", "split", "move", "deprecate", "restore", "accept"]
    other: str = Field(default="", max_length=LONGEST_NAME)
    """The other tag's name: merged into, split off to, moved below, or used instead."""
    part: TagPart = TagPart()
    """What is split off."""


class NewChange(PlannedChange):
    """A change of the taxonomy that was previewed."""

    seen: str = Field(min_length=1, max_length=200)
    """The `seen` of its preview: refused where the tags were changed since, or put on something."""


class PreviewedVersion(Output):
    """An active version that is counted in."""

    collection: str
    number: int


class BornePreview(Output):
    """What bears the two tags under a version, now and afterwards: pixel groups, then images."""

    version: PreviewedVersion
    tag: tuple[int, int]
    other: tuple[int, int]
    together: tuple[int, int]


class ChangePreview(Output):
    """What a change would alter."""

    kind: str
    tag: str
    other: str
    new: bool
    """Whether the other tag would be made."""
    seen: str
    """To be sent with the change."""
    taggings: int
    by_hand: int
    by_pattern: int
    by_selection: int
    people: int
    doubled: int
    """Taggings that would be withdrawn because the other tag stands there already."""
    checks: int
    examples: int
    children: list[str]
    parent: str
    bearing: list[BornePreview]


@blueprint.post("/tags/<record:tag_id>/preview")
@operation(TAG, answer=ChangePreview, action="taxonomy")
def preview_tag_change(tag_id: int, json: PlannedChange) -> ChangePreview:
    """Preview what a change of a tag would alter; nothing is changed."""
    found = previews.preview(json.kind, tag_id, json.other, json.part.as_part(), active_versions())
    return ChangePreview.model_validate(found)


@blueprint.post("/tags/<record:tag_id>/changes")
@operation(TAG, answer=Made, action="taxonomy", status=201)
def change_tag(tag_id: int, json: NewChange) -> Made:
    """Merge, split, move, deprecate, restore or accept a tag, as it was previewed."""
    part = json.part.as_part()
    made = carrying_out.carry_out(
        security.user_id(), json.kind, tag_id, json.other, part, json.seen
    )
    return Made(id=made)


@blueprint.post("/tag-changes/<record:change_id>/reverse")
@operation(TAG, answer=Made, action="taxonomy", status=201)
def reverse_tag_change(change_id: int) -> Made:
    """Undo a change at any later time, as a change of its own.

    What was changed again since stays as it is.
    """
    return Made(id=reversal.reverse(security.user_id(), change_id))
