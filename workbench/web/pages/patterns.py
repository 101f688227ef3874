"""Patterns: pixel groups that recur, ranked, and each with its members."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from workbench.services.explore import descriptions, filters, patterns
from workbench.services.review import tags
from workbench.services.taxonomy import hotkeys
from workbench.web.panels.pattern import pattern_panel
from workbench.web.presenters.filters import chips
from workbench.web.request.entering import enter, version_of
from workbench.web.request.view_reading import read_after

blueprint = Blueprint("patterns", __name__)


@blueprint.get("/c/<collection:name>/patterns")
def index(name: str) -> str:
    """All patterns of a version, in the order that one picks."""
    view, workspace = enter(name)
    version = version_of(workspace).id
    ranked = patterns.patterns(filters.choose(version, view.selection), view.sort)
    return render_template(
        "views/patterns.html",
        view=view,
        workspace=workspace,
        patterns=ranked,
        shown=descriptions.pattern_views([each.id for each in ranked]),
        summary=patterns.summary(version),
        chips=chips(view),
    )


@blueprint.get("/c/<collection:name>/patterns/<record:pattern_id>")
def show(name: str, pattern_id: int) -> str:
    """One pattern: its members, where they lie, what carries it, whom it misleads."""
    view, workspace = enter(name)
    after = read_after(request.args)
    return render_template(
        "views/pattern.html",
        view=view,
        workspace=workspace,
        page=pattern_panel(version_of(workspace).id, pattern_id, after),
        paged=after is not None,
        tag_names=tags.tag_names(),
        hotkeys=hotkeys.hotkeys(),
    )
