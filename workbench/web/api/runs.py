"""Model versions, and the runs that make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint

from workbench.services import workspaces
from workbench.services.models import label_changes, versions
from workbench.services.runs import queue
from workbench.web.api.collections import Version
from workbench.web.api.models import Id, Number, Output
from workbench.web.api.operations import operation
from workbench.web.api.viewing import version_of
from workbench.web.request.runs import run_of
from workbench.web.site import security

blueprint = Blueprint("runs", __name__)
TAG = "Versions and runs"


class VersionDetail(Version):
    """A version with what it was made of."""

    parent_number: int | None
    dataset_counts: dict[str, Any]
    """How many images its dataset has, by split and label."""
    metrics: dict[str, Any]
    """All that was measured of it."""
    patterns: int


class VersionList(Output):
    """The finished versions of a collection, the newest first."""

    items: list[VersionDetail]


class LabelChange(Output):
    """An image whose label a version took otherwise than the import or the parent."""

    image_id: Id
    name: str
    imported: str | None
    before: str | None
    """In the parent."""
    label: str


class LabelChanges(Output):
    """Those that the run has listed, and how many there are."""

    listed: bool
    """False for a version from before changes were listed: nothing is known of it."""
    training: list[LabelChange]
    test: list[LabelChange]
    training_total: int
    test_total: int


class Run(Output):
    """A run, and how far it is."""

    id: Id
    state: str
    """`queued`, `running`, `succeeded`, `failed` or `cancelled`."""
    trigger: str
    stage: str
    done: int
    total: int
    fraction: Number | None
    seconds_left: Number | None
    error: str
    version_number: int | None
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool


class RunList(Output):
    """The latest runs of a collection, the newest first."""

    items: list[Run]


@blueprint.get("/collections/<collection:name>/versions")
@operation(TAG, answer=VersionList)
def list_versions(name: str) -> VersionList:
    """List the model versions of a collection."""
    return _versions_of(name)


@blueprint.get("/collections/<collection:name>/versions/<record:number>/label-changes")
@operation(TAG, answer=LabelChanges)
def list_label_changes(name: str, number: int) -> LabelChanges:
    """List the images whose labels a version took otherwise than the import or its parent."""
    found = label_changes.label_changes(version_of(name, number).id)
    if found is None:
        return LabelChanges(listed=False, training=[], test=[], training_total=0, test_total=0)
    return LabelChanges.model_validate(vars(found) | {"listed": True})


@blueprint.post("/collections/<collection:name>/versions/<record:number>/activate")
@operation(TAG, answer=VersionList, action="retrain")
def activate_version(name: str, number: int) -> VersionList:
    """Make a version the active one: promote it, or go back to it."""
    versions.activate(security.user_id(), version_of(name, number).id)
    return _versions_of(name)


@blueprint.get("/collections/<collection:name>/runs")
@operation(TAG, answer=RunList)
def list_runs(name: str) -> RunList:
    """List the latest runs of a collection."""
    found = queue.runs(workspaces.collection_id(name))
    return RunList(items=[Run.model_validate(each) for each in found])


@blueprint.post("/collections/<collection:name>/runs")
@operation(TAG, answer=Run, action="retrain", status=201)
def request_retrain(name: str) -> Run:
    """Ask the worker for a retrain on what people have decided."""
    found = queue.request_retrain(security.user_id(), workspaces.collection_id(name))
    return Run.model_validate(found)


@blueprint.get("/collections/<collection:name>/runs/<record:run_id>")
@operation(TAG, answer=Run)
def get_run(name: str, run_id: int) -> Run:
    """Get a run with how far it is."""
    return Run.model_validate(run_of(name, run_id))


@blueprint.post("/collections/<collection:name>/runs/<record:run_id>/cancel")
@operation(TAG, answer=Run, action="retrain")
def cancel_run(name: str, run_id: int) -> Run:
    """Ask a run to stop between two steps; the active version stays."""
    return Run.model_validate(queue.cancel(security.user_id(), run_of(name, run_id).id))


def _versions_of(name: str) -> VersionList:
    found = versions.versions(workspaces.collection_id(name))
    told = (vars(each) | vars(each.summary) for each in found)
    return VersionList(items=[VersionDetail.model_validate(each) for each in told])
