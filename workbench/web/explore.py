"""The main screen: overview, images, patterns and dimensions of one selection."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from workbench.services.browsing import ImagePage
from workbench.services.collections import Workspace
from workbench.services.overview import CellDetail, Overview
from workbench.services.patterns import PatternRow
from workbench.web.entering import enter, version_of
from workbench.web.presenters import dimensions as dimension_panel
from workbench.web.presenters import overview as overview_panel
from workbench.web.services import services
from workbench.web.view import View, read_after

blueprint = Blueprint("explore", __name__)

IMAGES_SHOWN = 12
PATTERNS_SHOWN = 12


@dataclass(frozen=True)
class ExplorePage:
    """What `views/explore.html` shows."""

    view: View
    workspace: Workspace
    overview: Overview
    drawing: overview_panel.Drawing
    selected: CellDetail | None
    pinned_a: CellDetail | None
    pinned_b: CellDetail | None
    images: ImagePage
    paged: bool
    """This is not the first page of the images."""
    patterns: tuple[PatternRow, ...]
    patterns_total: int
    pattern: PatternRow | None
    """The one that the images are narrowed to."""
    dimensions: tuple[dimension_panel.DrawnDimension, ...]
    left_name: str
    right_name: str


@blueprint.get("/c/<collection:name>/")
def show(name: str) -> str:
    """Explore a collection under one model version."""
    view, workspace = enter(name)
    if workspace.version is None:
        return render_template("views/unanalysed.html", view=view, workspace=workspace)
    return render_template("views/explore.html", page=explore_page(view, workspace))


@blueprint.get("/c/<collection:name>/cells/<record:cell_id>")
def cell(name: str, cell_id: int) -> str:
    """One cell's numbers, top tags and top patterns: what hovering shows."""
    view, workspace = enter(name)
    detail = services().overview.cell(version_of(workspace).id, cell_id)
    return render_template("partials/cell_card.html", view=view, detail=detail)


def explore_page(
    view: View,
    workspace: Workspace,
    images_shown: int = IMAGES_SHOWN,
    patterns_shown: int = PATTERNS_SHOWN,
) -> ExplorePage:
    """Everything that a view of a collection shows; `after` in the address turns its images."""
    calls = services()
    version = version_of(workspace).id
    after = read_after(request.args)
    overview = calls.overview.overview(version, view.level, view.window)
    selected, pinned_a, pinned_b = (
        calls.overview.cell(version, cell_id) if cell_id else None
        for cell_id in (view.cell, view.a, view.b)
    )
    marked = {
        mark: detail.cell
        for mark, detail in (("", selected), ("A", pinned_a), ("B", pinned_b))
        if detail is not None
    }
    patterns = calls.patterns.patterns(version, view.sort, view.cell)
    left = view.a or view.cell
    return ExplorePage(
        view=view,
        workspace=workspace,
        overview=overview,
        drawing=overview_panel.drawing(overview, view.outcome, view.label, marked),
        selected=selected,
        pinned_a=pinned_a,
        pinned_b=pinned_b,
        images=calls.browsing.images(version, view.selection, after, images_shown),
        paged=after is not None,
        patterns=patterns[:patterns_shown],
        patterns_total=len(patterns),
        pattern=calls.patterns.pattern(version, view.pattern).row if view.pattern else None,
        dimensions=_dimensions(version, left, view.b),
        left_name="A" if view.a else ("the selected cell" if view.cell else "all images"),
        right_name="B" if view.b else "all images",
    )


def _dimensions(
    version_id: int, left: int | None, right: int | None
) -> tuple[dimension_panel.DrawnDimension, ...]:
    """Violins of two cells; a side without a cell shows all images."""
    calls = services().dimensions
    if left is None and right is not None:
        everything = calls.violins(version_id, None, None)
        return dimension_panel.drawn(everything, calls.violins(version_id, right, None))
    violins = calls.violins(version_id, left, right)
    everything = calls.violins(version_id, None, None) if left and right is None else None
    return dimension_panel.drawn(violins, everything)
