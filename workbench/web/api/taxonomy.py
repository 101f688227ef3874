"""The taxonomy: its tags as a tree, and one with its examples and its history."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from workbench.services import workspaces
from workbench.services.collections import LONGEST_NAME as LONGEST_COLLECTION
from workbench.services.review.tags import LONGEST_DESCRIPTION, LONGEST_NAME
from workbench.services.taxonomy import detail, edits, examples, exchange, listing, previews
from workbench.services.taxonomy.edits import HUES, LABELS, LONGEST_SOURCE, Edited
from workbench.web.api.models import Id, Input, Made, Ordinal, Output, Page, Paged
from workbench.web.api.operations import operation
from workbench.web.api.viewing import version_of
from workbench.web.site import security

blueprint = Blueprint("taxonomy", __name__)
TAG = "Taxonomy"
TagState = Literal["proposed", "active", "deprecated"]
LONGEST_CURSOR = 4000


class Tag(Output):
    """A tag with what bears it."""

    id: Id
    name: str
    description: str
    state: TagState
    level: int
    """In the tree; 1 at the top."""
    parent: str
    """Its name; empty at the top."""
    hue: int | None
    hotkey: str | None
    patterns: int
    groups: int
    """Pixel groups, by hand and by pattern."""
    images: int
    created_by: str
    created_at: datetime


class TagPage(Page):
    """A page of the tree: each tag is followed by those below it."""

    items: list[Tag]
    total: int


class TagsQuery(Paged):
    """Which tags, counted in which version."""

    text: str = Field(default="", max_length=2 * LONGEST_NAME)
    """In the name, without case."""
    state: TagState | None = None
    collection: str | None = Field(default=None, min_length=1, max_length=LONGEST_COLLECTION)
    """Whose version what bears them is counted in; by default the active ones of all."""
    version: Ordinal | None = None
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR)


class TagName(Output):
    """A tag by its name."""

    id: Id
    name: str
    state: str


class TaxonomyChange(Output):
    """A change of the taxonomy."""

    id: Id
    kind: str
    tag: TagName
    other: TagName | None
    by: str
    at: datetime
    before: dict[str, Any]
    """The tag's fields that were changed, as they were; `after` as they became."""
    after: dict[str, Any]
    moved: int
    """Taggings that went to the other tag."""
    reverses: str | None
    """The kind of change that it reversed."""
    reversed: bool


class Example(Output):
    """A pixel group whose region shows what a tag means, or what it does not."""

    id: Id
    group_id: Id
    image_id: Id
    positive: bool
    by: str


class TagPerson(Output):
    """Somebody who has put a tag on something."""

    id: Id
    name: str


class TagDetail(Output):
    """A tag with its place in the tree, its examples and its history, the newest first."""

    id: Id
    name: str
    description: str
    source: str
    hue: int | None
    hotkey: str | None
    state: str
    standing: bool
    """False where it was merged into `instead`, or left the taxonomy."""
    revision: int
    created_by: str
    created_at: datetime
    path: list[TagName]
    """The tags above it, the topmost first."""
    children: list[TagName]
    instead: TagName | None
    changes: list[TaxonomyChange]
    examples: list[Example]
    people: list[TagPerson]


class EditedTag(Input):
    """A tag's fields as they are wanted; those that are left out stay."""

    revision: Ordinal
    """Of the tag that was looked at: refused where it was changed since."""
    name: str = Field(default="", max_length=LONGEST_NAME)
    description: str = Field(default="", max_length=LONGEST_DESCRIPTION)
    source: str = Field(default="", max_length=LONGEST_SOURCE)
    """Where the word comes from."""
    hue: int | None = Field(default=None, ge=0, le=len(HUES) - 1)
    """The colour; null for one by the name."""
    hotkey: str | None = Field(default=None, max_length=4)


class NewExample(Input):
    """A pixel group that shows what a tag means, or what it does not."""

    group: Id
    positive: bool = True


class TaxonomyEntry(Output):
    """A tag as the file has it."""

    name: str
    parent: str
    description: str
    source: str
    colour: int | None
    hotkey: str | None
    state: str
    use_instead: str


class TaxonomyFile(Output):
    """The whole taxonomy as `manage.py import-taxonomy` reads it."""

    format: str
    tags: list[TaxonomyEntry]


class LoadedTags(Output):
    """What loading did."""

    added: int
    known: int
    """Tags that were there already, and stay as they are."""


@blueprint.get("/tags")
@operation(TAG, answer=TagPage)
def list_tags(query: TagsQuery) -> TagPage:
    """List the tags in the order of their tree."""
    if query.collection:
        counted = [version_of(query.collection, query.version).id]
    else:
        counted = [each.active.id for each in workspaces.collections() if each.active]
    found = listing.taxonomy(counted, query.text, query.cursor or "", query.state, query.limit)
    return TagPage(
        items=[Tag.model_validate(each) for each in found.rows],
        total=found.total,
        next=found.after,
    )


@blueprint.get("/tags/<record:tag_id>")
@operation(TAG, answer=TagDetail)
def get_tag(tag_id: int) -> TagDetail:
    """Get one tag with its examples and its history."""
    return _told(tag_id)


@blueprint.patch("/tags/<record:tag_id>")
@operation(TAG, answer=TagDetail, action="taxonomy")
def edit_tag(tag_id: int, json: EditedTag) -> TagDetail:
    """Rename a tag, say what it means, give it a colour and a key."""
    there = detail.tag_detail(tag_id)
    fields = {each: getattr(there, each) for each in LABELS}
    wanted = Edited(**fields | json.model_dump(exclude_unset=True, exclude={"revision"}))
    edits.edit(security.user_id(), tag_id, wanted, json.revision)
    return _told(tag_id)


@blueprint.post("/tags/<record:tag_id>/examples")
@operation(TAG, answer=Made, action="tag", status=201)
def add_tag_example(tag_id: int, json: NewExample) -> Made:
    """Have a pixel group show what a tag means, or what it does not."""
    return Made(id=examples.add(security.user_id(), tag_id, json.group, positive=json.positive))


@blueprint.delete("/tag-examples/<record:example_id>")
@operation(TAG, action="tag")
def withdraw_tag_example(example_id: int) -> None:
    """Take an example of one's own off a tag."""
    examples.withdraw(security.user_id(), example_id)


@blueprint.get("/taxonomy")
@operation(TAG, answer=TaxonomyFile)
def export_taxonomy() -> TaxonomyFile:
    """Export all tags as a file has them."""
    entries = [TaxonomyEntry.model_validate(each) for each in exchange.entries()]
    return TaxonomyFile(format=exchange.FORMAT, tags=entries)


@blueprint.post("/taxonomy/starter")
@operation(TAG, answer=LoadedTags, action="taxonomy")
def load_starter_taxonomy() -> LoadedTags:
    """Add the tags of the starter taxonomy that are not there already."""
    loaded = exchange.load(security.user_id(), exchange.starter())
    return LoadedTags.model_validate(loaded)


def _told(tag_id: int) -> TagDetail:
    found = detail.tag_detail(tag_id)
    people = [{"id": each, "name": name} for each, name in previews.people_of(tag_id)]
    shown = examples.examples_of(tag_id)
    return TagDetail.model_validate(vars(found) | {"examples": shown, "people": people})
