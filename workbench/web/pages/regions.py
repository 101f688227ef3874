"""Regions drawn by hand on an image, and why they are tagged."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.regions import drawn
from workbench.services.review import findings
from workbench.services.review.tags import LONGEST_NAME
from workbench.web.request.drawing import read_drawing, read_finding
from workbench.web.request.entering import enter_to_write
from workbench.web.request.parsing import whole, words
from workbench.web.site import limits, notices, security, tag_notices, ways_back

blueprint = Blueprint("regions", __name__)


@blueprint.post("/c/<collection:name>/images/<record:image_id>/regions")
@security.requires("tag")
@limits.limiter.limit("120 per minute")
def draw(name: str, image_id: int) -> Response:
    """Save a region that was drawn on an image, with its tag."""
    view, version_id = enter_to_write(name)
    made = drawn.draw_region(
        security.user_id(),
        image_id,
        read_drawing(request.form),
        _tag(),
        read_finding(request.form),
        version_id=version_id,
    )
    back = view.image_url(image_id)
    if made.new:
        notices.saved(
            gettext("Saved: a region tagged “%(tag)s”.", tag=made.tagged.tag),
            undo=url_for("regions.withdraw", drawn_id=made.id),
            back=back,
        )
    else:
        tag_notices.tell(made.tagged, back)
    return redirect(back, 303)


@blueprint.post("/regions/<record:drawn_id>/tags")
@security.requires("tag")
def tag(drawn_id: int) -> Response:
    """Put another tag on a drawn region."""
    tagged = drawn.tag_drawn(security.user_id(), drawn_id, _tag(), read_finding(request.form))
    back = ways_back.way_back("collections.show")
    tag_notices.tell(tagged, back)
    return redirect(back, 303)


@blueprint.post("/regions/<record:drawn_id>/withdraw")
@security.requires("tag")
def withdraw(drawn_id: int) -> Response:
    """Take back a region of one's own, with its tags."""
    drawn.withdraw_region(security.user_id(), drawn_id)
    notices.saved(gettext("Region withdrawn."))
    return redirect(ways_back.way_back("collections.show"), 303)


@blueprint.post("/taggings/<record:tagging_id>/finding")
@security.requires("tag")
def describe(tagging_id: int) -> Response:
    """Say why a tag of one's own is there, and how severe that is."""
    seen = whole(request.form, "revision", low=1)
    if seen is None:
        raise InvalidError(gettext("Reload the page to change this finding."))
    findings.edit_finding(security.user_id(), tagging_id, read_finding(request.form), seen)
    notices.saved(gettext("Finding saved."))
    return redirect(ways_back.way_back("taxonomy.show"), 303)


def _tag() -> str:
    return words(request.form, "tag", LONGEST_NAME, gettext("Tag"))
