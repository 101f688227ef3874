"""Suggested tags: all of a version to accept or dismiss, one after the other."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.explore import tag_suggestions
from workbench.services.review import dismissals
from workbench.web.request.entering import enter, version_of
from workbench.web.request.parsing import whole
from workbench.web.site import notices, security, ways_back

blueprint = Blueprint("suggestions", __name__)


@blueprint.get("/c/<collection:name>/suggestions")
def show(name: str) -> str:
    """The patterns that a tag is suggested for, then the pixel groups."""
    view, workspace = enter(name)
    return render_template(
        "views/suggestions.html",
        view=view,
        workspace=workspace,
        page=tag_suggestions.tag_suggestions(version_of(workspace).id),
    )


@blueprint.post("/patterns/<record:pattern_id>/suggestions/dismiss")
@security.requires("tag")
def dismiss_for_pattern(pattern_id: int) -> Response:
    """Do not suggest a tag for a pattern any more."""
    made = dismissals.dismiss_for_pattern(security.user_id(), pattern_id, _tag_id())
    return _dismissed(made)


@blueprint.post("/groups/<record:group_id>/suggestions/dismiss")
@security.requires("tag")
def dismiss_for_group(group_id: int) -> Response:
    """Do not suggest a tag for a pixel group any more."""
    made = dismissals.dismiss_for_group(security.user_id(), group_id, _tag_id())
    return _dismissed(made)


@blueprint.post("/dismissals/<record:dismissal_id>/withdraw")
@security.requires("tag")
def restore(dismissal_id: int) -> Response:
    """Suggest a tag again that one has dismissed."""
    dismissals.restore(security.user_id(), dismissal_id)
    notices.saved(gettext("Suggested again."))
    return redirect(ways_back.way_back("taxonomy.show"), 303)


def _tag_id() -> int:
    tag_id = whole(request.form, "tag_id", low=1)
    if tag_id is None:
        raise InvalidError(gettext("Choose the tag to dismiss."))
    return tag_id


def _dismissed(dismissal_id: int) -> Response:
    back = ways_back.way_back("taxonomy.show")
    notices.saved(
        gettext("Suggestion dismissed."),
        undo=url_for("suggestions.restore", dismissal_id=dismissal_id),
        back=back,
    )
    return redirect(back, 303)
