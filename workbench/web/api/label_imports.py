"""Labels that come in from files."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from flask import Blueprint
from pydantic import Field

from workbench.services import app_settings, workspaces
from workbench.services.interchange import importing, undoing
from workbench.services.interchange.matching import SUFFIXES
from workbench.web.api.models import Id, Input, Line, Output
from workbench.web.api.operations import operation
from workbench.web.site import security, slots

blueprint = Blueprint("label_imports", __name__)
TAG = "Label imports"
LARGEST = 900_000
"""Characters; larger files are imported on the page, or by the command line."""
Name = Annotated[Line, Field(max_length=200)]


class LabelFile(Input):
    """A file of labels, and what is to be done with it."""

    format: Literal["jsonl", "csv", "coco", "label_studio", "cvat"] = "jsonl"
    content: str = Field(max_length=LARGEST)
    columns: dict[Name, Name] = Field(default_factory=dict, max_length=40)
    """Of CSV: which column holds a field, where it is called otherwise."""
    dry_run: bool = False
    """Only tell what it would write."""
    leave_out_wrong: bool = False
    """Import the other lines where some are wrong; else nothing is written."""


class Tally(Output):
    """What an import wrote, or would write."""

    images: int
    verdicts: int
    same: int
    """Images of which nothing is to be decided, as it is so already."""
    disputed: int
    """Images on which others have decided otherwise."""
    regions: int
    tags: int
    notes: int


class LineError(Output):
    """What is wrong in a line."""

    line: int
    column: str
    """Empty where the whole line is meant."""
    words: str


class LabelReport(Output):
    """How an import went."""

    tally: Tally
    wrong: int
    """How many lines are wrong."""
    errors: list[LineError]
    """The first of them."""
    import_id: int | None
    """Of an import that wrote something."""


class LabelImport(Output):
    """An import of labels."""

    id: Id
    format: str
    counts: dict[str, int]
    by: str
    at: datetime
    finished: bool
    undone: bool


class LabelImportList(Output):
    """The newest imports of labels into a collection."""

    items: list[LabelImport]


class Undone(Output):
    """How many decisions were withdrawn."""

    count: int


@blueprint.get("/collections/<collection:name>/label-imports")
@operation(TAG, answer=LabelImportList, action="import_labels")
def list_label_imports(name: str) -> LabelImportList:
    """List the newest imports of labels into a collection."""
    found = undoing.imports_of(workspaces.collection_id(name))
    return LabelImportList(items=[LabelImport.model_validate(each) for each in found])


@blueprint.post("/collections/<collection:name>/label-imports")
@operation(TAG, answer=LabelReport, action="import_labels")
@slots.costly()
def import_labels(name: str, json: LabelFile) -> LabelReport:
    """Import labels from the content of a file, as decisions of the token's owner."""
    collection_id = workspaces.collection_id(name)
    with tempfile.TemporaryDirectory(dir=app_settings.settings().data_dir) as folder:
        path = Path(folder, f"labels{SUFFIXES[json.format]}")
        path.write_text(json.content, encoding="utf-8")
        if json.dry_run:
            report = importing.check(collection_id, path, json.format, json.columns)
        else:
            report = importing.import_labels(
                security.user_id(),
                collection_id,
                path,
                json.format,
                json.columns,
                leave_out_wrong=json.leave_out_wrong,
                most=importing.MOST_AT_ONCE,
            )
    return LabelReport.model_validate(report)


@blueprint.post("/collections/<collection:name>/label-imports/<record:label_import_id>/undo")
@operation(TAG, answer=Undone, action="import_labels")
def undo_label_import(name: str, label_import_id: int) -> Undone:
    """Withdraw all that an import of one's own brought in."""
    collection_id = workspaces.collection_id(name)
    done = undoing.undo_import(security.user_id(), collection_id, label_import_id)
    return Undone(count=done)
