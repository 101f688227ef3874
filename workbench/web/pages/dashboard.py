"""The dashboard: who did what when in a collection, what is covered, what is left."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request

from workbench.services.dashboard import export as tables
from workbench.services.dashboard import report
from workbench.services.dashboard.export import TABLES
from workbench.services.dashboard.report import Dashboard
from workbench.services.workspaces import Workspace
from workbench.web.presenters.dashboard import Series, Share, series, shares
from workbench.web.request.asking import read_days
from workbench.web.request.entering import enter
from workbench.web.request.parsing import choice
from workbench.web.request.view import View
from workbench.web.site import security, slots

blueprint = Blueprint("dashboard", __name__)


@dataclass(frozen=True)
class DashboardPage:
    """What `views/dashboard.html` shows.

    most: the most verdicts of a person, and the most times of a tag; 1 at least. pinned: the
    version that links keep, where it is not the active one.
    """

    view: View
    workspace: Workspace
    shown: Dashboard
    series: tuple[Series, ...]
    shares: tuple[Share, ...]
    most_judged: int
    most_tagged: int
    pinned: int | None


@blueprint.get("/c/<collection:name>/dashboard")
@slots.costly()
def show(name: str) -> str:
    """Pictures first, figures as tables on demand."""
    view, workspace = enter(name)
    shown = _dashboard(workspace)
    version = workspace.version
    page = DashboardPage(
        view,
        workspace,
        shown,
        series(shown.days),
        shares(shown.coverage),
        max((each.judged for each in shown.people), default=0) or 1,
        max((each.times for each in shown.tags), default=0) or 1,
        version.number if version and not version.active else None,
    )
    return render_template("views/dashboard.html", page=page)


@blueprint.get("/c/<collection:name>/dashboard/export")
@slots.costly()
def export(name: str) -> Response:
    """One of the tables as CSV."""
    _view, workspace = enter(name)
    table = choice(request.args, "table", TABLES) or "days"
    return Response(
        tables.table(_dashboard(workspace), table),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename=dashboard-{table}.csv"},
    )


def _dashboard(workspace: Workspace) -> Dashboard:
    version = workspace.version
    return report.dashboard(
        workspace.collection.id,
        workspace.collection.images,
        version.id if version else None,
        workspace.to_judge,
        report.span_of(*read_days(request.args)),
        leads=security.may("queues"),
    )
