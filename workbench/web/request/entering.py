"""The first step of every page of a collection: its view and its workspace."""

from __future__ import annotations

from flask import request
from flask_babel import gettext

from workbench.services import workspaces
from workbench.services.errors import NotFoundError
from workbench.services.explore.review_queue import ReviewQueue
from workbench.services.models.versions import VersionSummary
from workbench.services.workspaces import Workspace
from workbench.web.request.view import View
from workbench.web.request.view_reading import joined, read_view


def enter(name: str) -> tuple[View, Workspace]:
    """The request's view, tied to the version that it shows, and the collection's workspace.

    Links made from the view name the version, so that they show the same after a retrain.
    """
    view = read_view(name, joined(request.args))
    workspace = workspaces.workspace(name, view.version)
    if workspace.version is not None:
        view = view.changed(version=workspace.version.number)
    return view, workspace


def version_of(workspace: Workspace) -> VersionSummary:
    """The model version that a page needs. Raises NotFoundError before the first analysis."""
    if workspace.version is None:
        raise _not_analysed(workspace)
    return workspace.version


def queue_of(workspace: Workspace) -> ReviewQueue:
    """That version's review queue, as it was read with the workspace. Raises NotFoundError."""
    if workspace.queue is None:
        raise _not_analysed(workspace)
    return workspace.queue


def _not_analysed(workspace: Workspace) -> NotFoundError:
    return NotFoundError(
        gettext(
            "“%(name)s” has no model version yet. Run the analysis first.",
            name=workspace.collection.name,
        )
    )
