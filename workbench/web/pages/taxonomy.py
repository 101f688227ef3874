"""The taxonomy, and putting its tags on patterns and pixel groups."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from workbench.services import workspaces
from workbench.services.explore import filters
from workbench.services.explore import tag_selection as selections
from workbench.services.review import tags
from workbench.services.review.tags import LONGEST_NAME, Tagged
from workbench.services.taxonomy import exchange
from workbench.services.taxonomy import listing as taxonomy
from workbench.store.judgements import TAG_STATES
from workbench.web.request.entering import enter, version_of
from workbench.web.request.parsing import choice, key, whole, words
from workbench.web.site import notices, security, tag_notices, ways_back

blueprint = Blueprint("taxonomy", __name__)

LONGEST_KEY = 4000
"""Of a page: names on the way to a tag, of which each sign may be written as many."""


@blueprint.get("/taxonomy")
def show() -> str:
    """A page of tags with their counts, of all or of those whose name holds `text`.

    They are counted in the version that is shown of `collection`, which keeps the way back to it;
    without one in the active version of each collection.
    """
    name = key(request.args, "collection")
    number = whole(request.args, "version", low=1)
    workspace = workspaces.workspace(name, number) if name else None
    shown = (
        [workspace.version]
        if workspace
        else [collection.active for collection in workspaces.collections()]
    )
    text = _name_in(request.args, "text")
    after = words(request.args, "after", LONGEST_KEY, gettext("Page"))
    state = choice(request.args, "state", TAG_STATES)
    return render_template(
        "views/taxonomy.html",
        page=taxonomy.taxonomy([each.id for each in shown if each], text, after, state),
        text=text,
        state=state,
        paged=bool(after),
        workspace=workspace,
    )


@blueprint.post("/taxonomy/starter")
@security.requires("taxonomy")
def load_starter() -> Response:
    """Add the tags of the starter taxonomy that are not there already."""
    loaded = exchange.load(security.user_id(), exchange.starter())
    if loaded.added:
        notices.saved(
            ngettext(
                "Added %(added)s tag of the starter taxonomy.",
                "Added %(added)s tags of the starter taxonomy.",
                loaded.added,
                added=loaded.added,
            )
        )
    else:
        notices.told(gettext("The starter taxonomy is there already."))
    return redirect(ways_back.way_back("taxonomy.show"), 303)


@blueprint.get("/taxonomy/export.<any(json, csv):form>")
def export(form: exchange.Format) -> Response:
    """The taxonomy to take away, as JSON or as a table."""
    return Response(
        exchange.as_text(form),
        mimetype="application/json" if form == "json" else "text/csv",
        headers={"Content-Disposition": f"attachment; filename=taxonomy.{form}"},
    )


@blueprint.get("/taxonomy/names")
def names() -> str:
    """The names to offer to somebody who has typed this much of a tag."""
    found = tags.tag_names(_name_in(request.args, "tag"))
    return render_template("partials/tag_names.html", tag_names=found)


@blueprint.post("/patterns/<record:pattern_id>/tags")
@security.requires("tag")
def tag_pattern(pattern_id: int) -> Response:
    """Name a pattern; its pixel groups inherit the tag."""
    name = words(request.form, "tag", LONGEST_NAME, gettext("Tag"))
    return _tagged(tags.tag_pattern(security.user_id(), pattern_id, name))


@blueprint.post("/c/<collection:name>/selection/tags")
@security.requires("tag")
def tag_selection(name: str) -> Response:
    """Put a tag on the pixel groups of the selection that the address describes."""
    view, workspace = enter(name)
    chosen = filters.choose(version_of(workspace).id, view.selection)
    seen = whole(request.form, "groups", low=0)
    tag = words(request.form, "tag", LONGEST_NAME, gettext("Tag"))
    return _tagged(selections.tag_selection(security.user_id(), chosen, tag, seen or 0))


@blueprint.post("/groups/<record:group_id>/tags")
@security.requires("tag")
def tag_group(group_id: int) -> Response:
    """Put a tag on one pixel group."""
    name = words(request.form, "tag", LONGEST_NAME, gettext("Tag"))
    return _tagged(tags.tag_group(security.user_id(), group_id, name))


@blueprint.post("/taggings/<record:tagging_id>/withdraw")
@security.requires("tag")
def withdraw(tagging_id: int) -> Response:
    """Take back a tag that one has put on."""
    tags.withdraw(security.user_id(), tagging_id)
    notices.saved(gettext("Tag withdrawn."))
    return redirect(ways_back.way_back("taxonomy.show"), 303)


def _name_in(values: Mapping[str, str], name: str) -> str:
    """A name of a tag in an address, or a part of one. Folding may have lengthened it."""
    return words(values, name, 2 * LONGEST_NAME, gettext("Tag"))


def _tagged(tagging: Tagged) -> Response:
    back = ways_back.way_back("taxonomy.show")
    tag_notices.tell(tagging, back)
    return redirect(back, 303)
