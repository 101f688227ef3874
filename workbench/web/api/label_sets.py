"""Label sets, their images and exports."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Blueprint, Response, send_file
from pydantic import Field

from workbench.services import app_settings, workspaces
from workbench.services.interchange import exports
from workbench.services.interchange.writing import FORMATS
from workbench.services.label_sets import comparing, freezing, reading
from workbench.services.label_sets.freezing import LONGEST_DESCRIPTION, LONGEST_NAME
from workbench.store.database import LARGEST_ID
from workbench.store.label_sets import RULES
from workbench.web.api.models import Id, Input, Line, Number, Output, Page
from workbench.web.api.operations import operation
from workbench.web.request.parsing import whole
from workbench.web.site import security

blueprint = Blueprint("label_sets", __name__)
TAG = "Label sets"
FrozenLabel = Literal["real", "fake", "none", "exclude"]


class LabelSet(Output):
    """What was decided about each image of a collection at one moment."""

    id: Id
    number: int
    """By which operations name it within its collection."""
    name: str
    description: str
    by: str
    at: datetime
    images: int
    labels: dict[str, int]
    """Images by final label: `real`, `fake`, `none`, `exclude`."""
    rules: dict[str, int]
    """Images by how their label came about."""
    tags: dict[str, int]
    """Images by tag, the most first."""
    regions: int
    notes: int
    removed: int
    """Images that were taken down since."""


class LabelSetList(Output):
    """The label sets of a collection, the newest first."""

    items: list[LabelSet]


class NewLabelSet(Input):
    """What to call it."""

    name: Line = Field(min_length=1, max_length=LONGEST_NAME)
    description: str = Field(default="", max_length=LONGEST_DESCRIPTION)


class FrozenImage(Output):
    """An image as it was frozen."""

    image_id: Id
    name: str
    label: str | None
    imported: str | None
    decision: str | None
    rule: str
    decided_at: datetime | None
    tags: list[str]


class FrozenImagePage(Page):
    """Images of a label set, by id, without those that the reader has to judge blind yet."""

    items: list[FrozenImage]


class FrozenImagesQuery(Input):
    """Which of them; pages have a fixed length."""

    cursor: str | None = Field(default=None, max_length=10, pattern="^[0-9]+$")
    """The `next` of the page before."""
    label: FrozenLabel | None = None
    rule: str | None = Field(
        default=None, max_length=40, json_schema_extra={"enum": [*RULES, None]}
    )


class ChangedImage(Output):
    """An image that differs; of a tag, `before` or `after` is its name."""

    image_id: Id
    name: str
    before: str | None
    after: str | None


class Change(Output):
    """How many images changed in one way, and the first of them."""

    count: int
    images: list[ChangedImage]


class Comparison(Output):
    """What changed from one label set to another."""

    added: Change
    removed: Change
    relabelled: Change
    gained: Change
    """Images that bear a tag which they did not bear."""
    lost: Change
    tags_gained: dict[str, int]
    tags_lost: dict[str, int]


class ComparisonQuery(Input):
    """What to compare with."""

    since: int = Field(ge=1, le=LARGEST_ID)
    """The number of the earlier set."""


class NewExport(Input):
    """Which file the worker is to write."""

    format: str = Field(default="jsonl", max_length=40, json_schema_extra={"enum": [*FORMATS]})


class Export(Output):
    """An export, and how far it is."""

    id: Id
    number: int
    """Of the label set."""
    format: str
    state: str
    """`queued`, `running`, `succeeded`, `failed` or `cancelled`."""
    done: int
    total: int
    fraction: Number | None
    seconds_left: Number | None
    error: str
    cancel_requested: bool
    size: int | None
    """Of the file, in bytes."""
    by: str
    created_at: datetime
    until: datetime | None
    """How long the file can be downloaded."""


class ExportList(Output):
    """The latest exports of a label set, the newest first."""

    items: list[Export]


@blueprint.get("/collections/<collection:name>/label-sets")
@operation(TAG, answer=LabelSetList, action="label_sets")
def list_label_sets(name: str) -> LabelSetList:
    """List the label sets of a collection."""
    found = reading.label_sets(workspaces.collection_id(name))
    return LabelSetList(items=[LabelSet.model_validate(each) for each in found])


@blueprint.post("/collections/<collection:name>/label-sets")
@operation(TAG, answer=LabelSet, action="label_sets", status=201)
def make_label_set(name: str, json: NewLabelSet) -> LabelSet:
    """Freeze what is decided now."""
    collection_id = workspaces.collection_id(name)
    number = freezing.make_label_set(security.user_id(), collection_id, json.name, json.description)
    return LabelSet.model_validate(reading.label_set(collection_id, number))


@blueprint.get("/collections/<collection:name>/label-sets/<record:number>")
@operation(TAG, answer=LabelSet, action="label_sets")
def get_label_set(name: str, number: int) -> LabelSet:
    """Get one label set with its counts."""
    return LabelSet.model_validate(reading.label_set(workspaces.collection_id(name), number))


@blueprint.get("/collections/<collection:name>/label-sets/<record:number>/images")
@operation(TAG, answer=FrozenImagePage, action="label_sets")
def list_frozen_images(name: str, number: int, query: FrozenImagesQuery) -> FrozenImagePage:
    """List the images of a label set as they were frozen."""
    shown = reading.label_set(workspaces.collection_id(name), number)
    after = whole({"cursor": query.cursor or ""}, "cursor")
    found = reading.images_of(shown.id, after=after, label=query.label, rule=query.rule)
    return FrozenImagePage(
        items=[FrozenImage.model_validate(each) for each in found.images],
        next=None if found.after is None else str(found.after),
    )


@blueprint.get("/collections/<collection:name>/label-sets/<record:number>/changes")
@operation(TAG, answer=Comparison, action="label_sets")
def compare_label_sets(name: str, number: int, query: ComparisonQuery) -> Comparison:
    """Tell what changed from an earlier label set to this one."""
    collection_id = workspaces.collection_id(name)
    later = reading.label_set(collection_id, number)
    earlier = reading.label_set(collection_id, query.since)
    return Comparison.model_validate(comparing.compare(earlier.id, later.id))


@blueprint.get("/collections/<collection:name>/label-sets/<record:number>/exports")
@operation(TAG, answer=ExportList, action="label_sets")
def list_exports(name: str, number: int) -> ExportList:
    """List the latest exports of a label set."""
    shown = reading.label_set(workspaces.collection_id(name), number)
    return ExportList(items=[Export.model_validate(each) for each in exports.exports_of(shown.id)])


@blueprint.post("/collections/<collection:name>/label-sets/<record:number>/exports")
@operation(TAG, answer=Export, action="label_sets", status=201)
def ask_for_export(name: str, number: int, json: NewExport) -> Export:
    """Let the worker write a file of a label set."""
    collection_id = workspaces.collection_id(name)
    shown = reading.label_set(collection_id, number)
    export_id = exports.request(security.user_id(), shown.id, json.format)
    return Export.model_validate(exports.export_of(collection_id, export_id))


@blueprint.get("/collections/<collection:name>/exports/<record:export_id>")
@operation(TAG, answer=Export, action="label_sets")
def get_export(name: str, export_id: int) -> Export:
    """Get an export with how far it is."""
    return Export.model_validate(exports.export_of(workspaces.collection_id(name), export_id))


@blueprint.post("/collections/<collection:name>/exports/<record:export_id>/cancel")
@operation(TAG, answer=Export, action="label_sets")
def cancel_export(name: str, export_id: int) -> Export:
    """Stop an export."""
    collection_id = workspaces.collection_id(name)
    exports.cancel(security.user_id(), collection_id, export_id)
    return Export.model_validate(exports.export_of(collection_id, export_id))


@blueprint.get("/collections/<collection:name>/exports/<record:export_id>/file")
@operation(TAG, media="application/octet-stream", action="label_sets")
def download_export(name: str, export_id: int) -> Response:
    """Download the file of an export that has succeeded."""
    found = exports.download(workspaces.collection_id(name), export_id, app_settings.settings())
    return send_file(
        found.path,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=found.name,
    )
