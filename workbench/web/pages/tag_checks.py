"""Checking a sample of the groups that inherit a pattern's tag."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.review import tag_checks
from workbench.services.review.tag_checks import Check, Sampled
from workbench.services.tagged import pattern_tags
from workbench.services.workspaces import Workspace
from workbench.web.request.entering import enter, version_of
from workbench.web.request.parsing import choice, whole
from workbench.web.request.view import View
from workbench.web.site import notices, security, ways_back

blueprint = Blueprint("tag_checks", __name__)

ANSWERS = ("yes", "no")


@dataclass(frozen=True)
class TagCheckPage:
    """What `views/tag_check.html` shows."""

    view: View
    workspace: Workspace
    pattern_id: int
    pattern_name: str
    check: Check

    @property
    def first_open(self) -> Sampled | None:
        """The group that the keys answer; None where all are answered."""
        return next((each for each in self.check.sample if each.answer is None), None)


@blueprint.get("/c/<collection:name>/patterns/<record:pattern_id>/tags/<record:tagging_id>")
def show(name: str, pattern_id: int, tagging_id: int) -> str:
    """The sample, with what was said of each group."""
    view, workspace = enter(name)
    version = version_of(workspace).id
    page = TagCheckPage(
        view=view,
        workspace=workspace,
        pattern_id=pattern_id,
        pattern_name=pattern_tags.pattern_name(version, pattern_id),
        check=tag_checks.check(version, pattern_id, tagging_id),
    )
    return render_template("views/tag_check.html", page=page)


@blueprint.post("/taggings/<record:tagging_id>/checks")
@security.requires("tag")
def answer(tagging_id: int) -> Response:
    """Say whether the tag fits a group."""
    group_id = whole(request.form, "group")
    said = choice(request.form, "fits", ANSWERS)
    if group_id is None or said is None:
        raise InvalidError(gettext("Accept or reject the tag for a pixel group of the sample."))
    fits = said == "yes"
    made = tag_checks.answer(security.user_id(), tagging_id, group_id, fits=fits)
    notices.saved(
        gettext("Saved: accepted.") if fits else gettext("Saved: rejected."),
        undo=url_for("tag_checks.withdraw", check_id=made),
        back=ways_back.way_back("taxonomy.show"),
    )
    return redirect(ways_back.way_back("taxonomy.show"), 303)


@blueprint.post("/taggings/<record:tagging_id>/off")
@security.requires("tag")
def take_off(tagging_id: int) -> Response:
    """Take a tag off one pixel group that bears it with many others."""
    group_id = whole(request.form, "group")
    if group_id is None:
        raise InvalidError(gettext("Choose the pixel group that the tag does not fit."))
    made = tag_checks.take_off(security.user_id(), tagging_id, group_id)
    notices.saved(
        gettext("Saved: the tag is off this pixel group."),
        undo=url_for("tag_checks.withdraw", check_id=made),
        back=ways_back.way_back("taxonomy.show"),
    )
    return redirect(ways_back.way_back("taxonomy.show"), 303)


@blueprint.post("/tag-checks/<record:check_id>/withdraw")
@security.requires("tag")
def withdraw(check_id: int) -> Response:
    """Take back an answer."""
    tag_checks.withdraw(security.user_id(), check_id)
    notices.saved(gettext("Answer withdrawn."))
    return redirect(ways_back.way_back("taxonomy.show"), 303)
