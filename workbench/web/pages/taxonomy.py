"""The taxonomy, and putting its tags on patterns and pixel groups."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services import workspaces
from workbench.services.explore import taxonomy
from workbench.services.review import tags
from workbench.services.review.tags import LONGEST_DESCRIPTION, LONGEST_NAME, TaggingView
from workbench.web.request.parsing import key, words
from workbench.web.site import notices, security

blueprint = Blueprint("taxonomy", __name__)


@blueprint.get("/taxonomy")
def show() -> str:
    """All tags with their counts; `collection` keeps the way back to the collection one is in."""
    name = key(request.args, "collection")
    workspace = workspaces.workspace(name) if name else None
    return render_template("views/taxonomy.html", tags=taxonomy.taxonomy(), workspace=workspace)


@blueprint.post("/taxonomy/<record:tag_id>")
@security.requires("tag")
def describe(tag_id: int) -> Response:
    """Rename a tag or say what it means; whatever bears it keeps it."""
    name = words(request.form, "name", LONGEST_NAME, gettext("Name"))
    description = words(request.form, "description", LONGEST_DESCRIPTION, gettext("Description"))
    saved = tags.describe_tag(security.user_id(), tag_id, name, description)
    notices.saved(gettext("Saved: “%(tag)s”.", tag=saved))
    return redirect(security.way_back("taxonomy.show"), 303)


@blueprint.post("/patterns/<record:pattern_id>/tags")
@security.requires("tag")
def tag_pattern(pattern_id: int) -> Response:
    """Name a pattern; its pixel groups inherit the tag."""
    name = words(request.form, "tag", LONGEST_NAME, gettext("Tag"))
    return _tagged(tags.tag_pattern(security.user_id(), pattern_id, name))


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
    return redirect(security.way_back("taxonomy.show"), 303)


def _tagged(tagging: TaggingView) -> Response:
    back = security.way_back("taxonomy.show")
    notices.saved(
        gettext("Tagged “%(tag)s”.", tag=tagging.tag),
        undo=url_for("taxonomy.withdraw", tagging_id=tagging.id),
        back=back,
    )
    return redirect(back, 303)
