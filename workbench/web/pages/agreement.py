"""How far people agree in a collection: on verdicts and on each tag, and what splits them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from workbench.services.agreement import report
from workbench.services.agreement.report import AgreementReport
from workbench.services.agreement.verdicts import SCALES, Scale
from workbench.services.workspaces import Workspace
from workbench.web.presenters.agreement import (
    FIGURES,
    FigureName,
    Matrix,
    WeekMark,
    matrix,
    week_marks,
)
from workbench.web.request.entering import enter
from workbench.web.request.parsing import choice, whole
from workbench.web.request.view import View
from workbench.web.site import slots

blueprint = Blueprint("agreement", __name__)


@dataclass(frozen=True)
class AgreementPage:
    """What `views/agreement.html` shows.

    pinned: the version that links keep, where it is not the active one.
    """

    view: View
    workspace: Workspace
    report: AgreementReport
    figure: FigureName
    scale: Scale
    matrix: Matrix
    weeks: tuple[WeekMark, ...]
    pinned: int | None


@blueprint.get("/c/<collection:name>/agreement")
@slots.costly()
def show(name: str) -> str:
    """The figures of all tags and verdicts, and one of them closely."""
    view, workspace = enter(name)
    figure = choice(request.args, "figure", FIGURES) or "alpha"
    scale = choice(request.args, "scale", tuple(SCALES)) or "all"
    version = workspace.version
    found = report.report(
        workspace.collection.id,
        version.id if version else None,
        scale,
        whole(request.args, "tag", 1),
    )
    page = AgreementPage(
        view,
        workspace,
        found,
        figure,
        scale,
        matrix(found.closer.pairs),
        week_marks(found.closer.weeks, figure),
        version.number if version and not version.active else None,
    )
    return render_template("views/agreement.html", page=page)
