"""Patterns: pixel groups that recur, ranked, and each with its members."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from workbench.services.explore import filters, grid, patterns
from workbench.services.explore.filters import Selection
from workbench.services.explore.patterns import PatternDetail
from workbench.services.review import tag_checks, tags
from workbench.services.review.tag_checks import Tally
from workbench.services.workspaces import Workspace
from workbench.web.presenters import overview as overview_panel
from workbench.web.presenters.bars import DivergingBar, diverging_bar, scale_limit
from workbench.web.presenters.filters import chips
from workbench.web.request.entering import enter, version_of
from workbench.web.request.view import View, read_after

blueprint = Blueprint("patterns", __name__)

PROFILE_WIDTH = 120.0


@dataclass(frozen=True)
class PatternPage:
    """What `views/pattern.html` shows."""

    view: View
    workspace: Workspace
    detail: PatternDetail
    profile: tuple[tuple[int, float, DivergingBar], ...]
    """Dimension, its mean contribution, its bar; largest magnitude first."""
    drawing: overview_panel.Drawing
    """Of the whole layout; the cells where the pattern lies are lit."""
    paged: bool
    tag_names: tuple[str, ...]
    tallies: dict[int, Tally]
    """What checks have found, by tagging."""

    @property
    def lit_cells(self) -> int:
        """How many cells hold images with the pattern."""
        return sum(drawn.lit is not None for drawn in self.drawing.cells)


@blueprint.get("/c/<collection:name>/patterns")
def index(name: str) -> str:
    """All patterns of a version, in the order that one picks."""
    view, workspace = enter(name)
    version = version_of(workspace).id
    return render_template(
        "views/patterns.html",
        view=view,
        workspace=workspace,
        patterns=patterns.patterns(filters.choose(version, view.selection), view.sort),
        summary=patterns.summary(version),
        chips=chips(view),
    )


@blueprint.get("/c/<collection:name>/patterns/<record:pattern_id>")
def show(name: str, pattern_id: int) -> str:
    """One pattern: its members, where they lie, what carries it, whom it misleads."""
    view, workspace = enter(name)
    return render_template("views/pattern.html", page=pattern_page(view, workspace, pattern_id))


def pattern_page(view: View, workspace: Workspace, pattern_id: int) -> PatternPage:
    """Everything that is shown of a pattern. Raises NotFoundError for one of another version."""
    version = version_of(workspace).id
    after = read_after(request.args)
    detail = patterns.pattern(version, pattern_id, after)
    chosen = filters.choose(version, Selection(pattern_id=pattern_id))
    return PatternPage(
        view=view,
        workspace=workspace,
        detail=detail,
        profile=_profile(detail.row.profile),
        drawing=overview_panel.drawing(grid.overview(chosen, 0, None), {}, lighting=True),
        paged=after is not None,
        tag_names=tags.tag_names(),
        tallies=tag_checks.tallies([each.id for each in detail.row.tags]),
    )


def _profile(profile: tuple[float, ...]) -> tuple[tuple[int, float, DivergingBar], ...]:
    limit = scale_limit(profile)
    ordered = sorted(enumerate(profile), key=lambda entry: -abs(entry[1]))
    return tuple(
        (index, value, diverging_bar(value, limit, PROFILE_WIDTH)) for index, value in ordered
    )
