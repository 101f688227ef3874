"""Model versions, and the runs that make them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services import workspaces
from workbench.services.models import label_changes, versions
from workbench.services.models.versions import VersionRow
from workbench.services.runs import lease, queue
from workbench.services.runs.queue import RunView
from workbench.services.workspaces import Workspace
from workbench.web.request.entering import enter, version_of
from workbench.web.request.runs import run_of
from workbench.web.request.view import View
from workbench.web.site import notices, security

blueprint = Blueprint("models", __name__)

OPEN_STATES = ("queued", "running")


@dataclass(frozen=True)
class ModelsPage:
    """What `views/models.html` shows."""

    view: View
    workspace: Workspace
    versions: tuple[VersionRow, ...]
    runs: tuple[RunView, ...]
    worker_alive: bool


@blueprint.get("/c/<collection:name>/models")
def show(name: str) -> str:
    """All model versions of a collection, and its latest runs."""
    view, workspace = enter(name)
    page = ModelsPage(
        view=view,
        workspace=workspace,
        versions=versions.versions(workspace.collection.id),
        runs=queue.runs(workspace.collection.id),
        worker_alive=lease.worker_alive(),
    )
    return render_template("views/models.html", page=page)


@blueprint.get("/c/<collection:name>/versions/<record:number>/labels")
def labels(name: str, number: int) -> str:
    """The labels that a version was made with instead of the imported ones."""
    view, workspace = enter(name)
    version = version_of(workspaces.workspace(name, number))
    return render_template(
        "views/version.html",
        view=view,
        workspace=workspace,
        summary=version,
        changes=label_changes.label_changes(version.id),
    )


@blueprint.post("/c/<collection:name>/runs")
@security.requires("retrain")
def request_retrain(name: str) -> Response:
    """Ask the worker for a retrain on what people have decided."""
    workspace = workspaces.workspace(name)
    queue.request_retrain(security.user_id(), workspace.collection.id)
    notices.saved(gettext("Retrain requested. You can leave this page; the run continues."))
    return redirect(url_for("models.show", name=name), 303)


@blueprint.get("/c/<collection:name>/runs/<record:run_id>")
def progress(name: str, run_id: int) -> Response:
    """How far a run is; a finished one makes the page that polls load itself again."""
    run = run_of(name, run_id)
    if not request.headers.get("HX-Request"):
        return redirect(url_for("models.show", name=name), 303)
    response = make_response(
        render_template("partials/run.html", name=name, run=run, worker_alive=lease.worker_alive())
    )
    if run.state not in OPEN_STATES:
        response.headers["HX-Refresh"] = "true"
    return response


@blueprint.post("/c/<collection:name>/runs/<record:run_id>/cancel")
@security.requires("retrain")
def cancel(name: str, run_id: int) -> Response:
    """Ask a run to stop between two steps; the active version stays."""
    run = run_of(name, run_id)
    queue.cancel(security.user_id(), run.id)
    notices.saved(gettext("Cancellation requested."))
    return redirect(url_for("models.show", name=name), 303)


@blueprint.post("/c/<collection:name>/versions/<record:number>/activate")
@security.requires("retrain")
def activate(name: str, number: int) -> Response:
    """Make a version the active one: promote it, or go back to it."""
    version = version_of(workspaces.workspace(name, number))
    versions.activate(security.user_id(), version.id)
    notices.saved(
        gettext(
            "v%(number)s is active: pages show it. It has scores alone, so a retrain starts from "
            "the newest version that was trained here.",
            number=number,
        )
        if version.outside
        else gettext(
            "v%(number)s is active: pages show it, and the next retrain starts from it.",
            number=number,
        )
    )
    return redirect(url_for("models.show", name=name), 303)
