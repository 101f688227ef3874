"""The main screen: overview, images, patterns and dimensions of one selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.explore import (
    cell_card,
    descriptions,
    filters,
    grid,
    listing,
    patterns,
)
from workbench.services.explore.cell_card import CellDetail
from workbench.services.explore.descriptions import PatternView
from workbench.services.explore.filters import FilterChoices
from workbench.services.explore.grid import Overview
from workbench.services.explore.listing import ImagePage
from workbench.services.explore.patterns import PatternRow
from workbench.services.models import version_images
from workbench.services.tagged import pattern_tags
from workbench.services.workspaces import Workspace
from workbench.web.panels.dimension import DimensionPanel, dimension_panel
from workbench.web.panels.dimensions import dimensions_panel
from workbench.web.panels.overview import marked_cells, overview_panel
from workbench.web.presenters.dimensions import DrawnDimension
from workbench.web.presenters.filters import FilterChip, chips
from workbench.web.presenters.overview import Drawing
from workbench.web.request.entering import enter, version_of
from workbench.web.request.view import View
from workbench.web.request.view_reading import read_after
from workbench.web.site import security, ways_back

blueprint = Blueprint("explore", __name__)

WELCOMED = "welcomed"
ONE_YEAR = 365 * 24 * 3600
IMAGES_SHOWN = 12
PATTERNS_SHOWN = 12


@dataclass(frozen=True)
class ExplorePage:
    """What `views/explore.html` shows."""

    view: View
    workspace: Workspace
    overview: Overview
    drawing: Drawing
    chips: tuple[FilterChip, ...]
    choices: FilterChoices
    selected: CellDetail | None
    pinned_a: CellDetail | None
    pinned_b: CellDetail | None
    images: ImagePage
    paged: bool
    """This is not the first page of the images."""
    patterns: tuple[PatternRow, ...]
    patterns_total: int
    shown: Mapping[int, PatternView]
    """What these patterns show, by id."""
    pattern_name: str | None
    """Of the pattern that is selected."""
    groups: int
    """How many pixel groups of that pattern the selection has."""
    dimensions: tuple[DrawnDimension, ...]
    picked: DimensionPanel | None
    """The dimension that is picked."""
    names: tuple[str, ...]
    """What each dimension shows, by index, in a few words; empty where nothing is known."""
    left_name: str
    right_name: str
    imported_since: int
    """How many images of the collection the version has not analysed."""
    welcome: bool
    """Whether to explain what this is and where to click first."""


@blueprint.get("/c/<collection:name>/")
def show(name: str) -> str:
    """Explore a collection under one model version."""
    view, workspace = enter(name)
    if workspace.version is None:
        return render_template("views/unanalysed.html", view=view, workspace=workspace)
    return render_template("views/explore.html", page=_page(view, workspace))


@blueprint.get("/c/<collection:name>/cells/<record:cell_id>")
def cell(name: str, cell_id: int) -> str:
    """One cell's numbers, top tags and top patterns: what hovering shows."""
    view, workspace = enter(name)
    detail = cell_card.cell(version_of(workspace).id, cell_id, view.filters)
    return render_template("partials/cell_card.html", view=view, detail=detail)


@blueprint.get("/c/<collection:name>/lasso")
def lasso(name: str) -> str:
    """What a lasso takes, exactly, before anything is done with it."""
    view, workspace = enter(name)
    if view.lasso is None:
        raise InvalidError(gettext("Draw a lasso around cells first."))
    taken = grid.lassoed(version_of(workspace).id, view.filters, view.lasso)
    return render_template("partials/lasso_card.html", view=view, taken=taken)


@blueprint.post("/welcome")
@security.reads
def welcome() -> Response:
    """Never explain the main screen to this browser again, or do so once more."""
    response = redirect(ways_back.local_path(request.form.get("back")) or "/", 303)
    if request.form.get("again"):
        response.delete_cookie(WELCOMED)
    else:
        response.set_cookie(WELCOMED, "1", max_age=ONE_YEAR, httponly=True, samesite="Lax")
    return response


def _page(view: View, workspace: Workspace) -> ExplorePage:
    """Everything that a view of a collection shows; `after` in the address turns its images."""
    version = version_of(workspace).id
    after = read_after(request.args)
    chosen = filters.choose(version, view.selection)
    marked = marked_cells(view, chosen)
    overview = overview_panel(view, chosen, marked)
    ranked = patterns.patterns(chosen, view.sort)
    sides = dimensions_panel(view, version, chosen)
    counted = version_images.images_of([version])
    return ExplorePage(
        view=view,
        workspace=workspace,
        overview=overview.overview,
        drawing=overview.drawing,
        chips=chips(view),
        choices=filters.filter_choices(version),
        selected=marked.selected,
        pinned_a=marked.a,
        pinned_b=marked.b,
        images=listing.images(chosen, view.order, after, IMAGES_SHOWN, view.shuffle),
        paged=after is not None,
        patterns=ranked[:PATTERNS_SHOWN],
        patterns_total=len(ranked),
        shown=descriptions.pattern_views([each.id for each in ranked[:PATTERNS_SHOWN]]),
        pattern_name=(pattern_tags.pattern_name(version, view.pattern) if view.pattern else None),
        groups=len(chosen.groups),
        dimensions=sides.dimensions,
        picked=dimension_panel(view, version, chosen, sides),
        names=sides.names,
        left_name=sides.left_name,
        right_name=sides.right_name,
        imported_since=workspace.collection.images - counted[version].images,
        welcome=WELCOMED not in request.cookies,
    )
