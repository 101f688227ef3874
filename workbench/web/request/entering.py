"""The first step of every page of a collection: its view and its workspace.

Of what is written there: the view and the version, for the answer is another page.
"""

from __future__ import annotations

from flask import request
from flask_babel import gettext

from workbench.services import workspaces
from workbench.services.errors import NotAnalysedError
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


def enter_to_write(name: str) -> tuple[View, int]:
    """The request's view, tied to the version that it shows, and that version's id.

    Raises NotAnalysedError before the first analysis.
    """
    view = read_view(name, joined(request.args))
    version = workspaces.shown_version(name, view.version)
    if version is None:
        raise not_analysed(name)
    return view.changed(version=version.number), version.id


def version_of(workspace: Workspace) -> VersionSummary:
    """The model version that a page needs. Raises NotAnalysedError before the first analysis."""
    if workspace.version is None:
        raise not_analysed(workspace.collection.name)
    return workspace.version


def queue_of(workspace: Workspace) -> ReviewQueue:
    """That version's review queue, as it was read with the workspace. Raises NotAnalysedError."""
    if workspace.queue is None:
        raise not_analysed(workspace.collection.name)
    return workspace.queue


def not_analysed(name: str) -> NotAnalysedError:
    """The refusal of what needs a model version, before the first analysis."""
    return NotAnalysedError(
        gettext("“%(name)s” has no model version yet. Run the analysis first.", name=name)
    )
