"""Imports of images from folders below the import root."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from flask import Blueprint
from pydantic import Field

from workbench.services import app_settings
from workbench.services.collections import LONGEST_NAME
from workbench.services.intake import jobs
from workbench.services.intake.options import FormOptions
from workbench.web.api.models import Id, Input, Line, Number, Output
from workbench.web.api.operations import operation
from workbench.web.site import security

blueprint = Blueprint("image_imports", __name__)
TAG = "Image imports"
LONGEST = 400
MOST = 100
Option = Annotated[Line, Field(max_length=LONGEST)]


class FolderToImport(Input):
    """A folder, and the collection that its images go into."""

    folder: str = Field(max_length=LONGEST)
    """Below the import root, as the page of imports names it in its address."""
    collection: Line = Field(min_length=1, max_length=LONGEST_NAME)


class ImportOptions(Input):
    """How the folder is read."""

    labels: list[Option] = Field(default_factory=list, max_length=MOST)
    """`FOLDER=real`, `FOLDER=fake`: what folders say."""
    columns: list[Option] = Field(default_factory=list, max_length=MOST)
    """`FIELD=COLUMN` of a table."""
    generator: Line = Field(default="", max_length=LONGEST)
    table: Line = Field(default="", max_length=LONGEST)
    title: Line = Field(default="", max_length=LONGEST)
    draw_split: bool = False
    accept_changes: bool = False


class ImageImport(Output):
    """An import, and how far it is."""

    id: Id
    collection: str
    kind: str
    shown: str
    """What is imported."""
    state: str
    """`draft`, `queued`, `running`, `succeeded`, `failed` or `cancelled`."""
    stage: str
    done: int
    total: int
    fraction: Number | None
    seconds_left: Number | None
    error: str
    cancel_requested: bool
    requested_by: str
    created_at: datetime
    finished_at: datetime | None


class ImageImportList(Output):
    """The newest imports."""

    items: list[ImageImport]


@blueprint.get("/imports")
@operation(TAG, answer=ImageImportList, action="import")
def list_imports() -> ImageImportList:
    """List the newest imports of images."""
    return ImageImportList(items=[ImageImport.model_validate(each) for each in jobs.recent()])


@blueprint.post("/imports")
@operation(TAG, answer=ImageImport, action="import", status=201)
def draft_import(json: FolderToImport) -> ImageImport:
    """Draft an import of a folder below the import root."""
    found = jobs.draft_folder(
        security.user_id(), json.collection, json.folder, app_settings.settings()
    )
    return ImageImport.model_validate(found)


@blueprint.get("/imports/<record:job_id>")
@operation(TAG, answer=ImageImport, action="import")
def get_import(job_id: int) -> ImageImport:
    """Get an import with how far it is."""
    return ImageImport.model_validate(jobs.job_of(job_id))


@blueprint.put("/imports/<record:job_id>/options")
@operation(TAG, answer=ImageImport, action="import")
def set_import_options(job_id: int, json: ImportOptions) -> ImageImport:
    """Set how a draft is read."""
    told = json.model_dump() | {"labels": tuple(json.labels), "columns": tuple(json.columns)}
    jobs.set_options(job_id, FormOptions(**told))
    return ImageImport.model_validate(jobs.job_of(job_id))


@blueprint.post("/imports/<record:job_id>/start")
@operation(TAG, answer=ImageImport, action="import")
def start_import(job_id: int) -> ImageImport:
    """Let the worker import a draft."""
    jobs.start(security.user_id(), job_id)
    return ImageImport.model_validate(jobs.job_of(job_id))


@blueprint.post("/imports/<record:job_id>/cancel")
@operation(TAG, action="import")
def cancel_import(job_id: int) -> None:
    """Discard a draft, or stop an import between two images."""
    jobs.cancel(security.user_id(), job_id, app_settings.settings())
