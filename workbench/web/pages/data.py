"""The data of a collection: what its newest check found, and what was done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services import app_settings
from workbench.services.hygiene import actions, check, remedy
from workbench.services.hygiene.actions import ActionView
from workbench.services.hygiene.check import Check, ShownImage
from workbench.services.hygiene.remedy import alike_words
from workbench.services.workspaces import Workspace
from workbench.web.presenters.coverage import CoverageView, coverage_view
from workbench.web.request.entering import enter
from workbench.web.request.parsing import whole, words
from workbench.web.request.view import View
from workbench.web.site import notices, security, slots
from workbench.web.site.finding_words import MOST_LISTED, MOST_OF_SET, MOST_SETS

blueprint = Blueprint("data", __name__)
LONGEST_KEY = 200


@dataclass(frozen=True)
class DataPage:
    """What `views/data.html` shows."""

    view: View
    workspace: Workspace
    check: Check | None
    actions: tuple[ActionView, ...]
    coverage: CoverageView | None
    """None before a check that counted it."""
    shown: Mapping[int, ShownImage]
    """The images of the findings, as far as they are shown."""
    opened: str
    """Key of the finding whose images are all shown, as far as there is room."""
    pinned: int | None
    """The version whose scores the check used, where pages show another one."""
    alike: str
    """What the images are made, in words; empty where they are taken as they are."""


@blueprint.get("/c/<collection:name>/data")
def show(name: str) -> str:
    """The findings of the newest check, and what people did about them."""
    view, workspace = enter(name)
    newest = check.newest_check(name)
    coverage = newest.coverage if newest else None
    opened = request.args.get("finding", "")[:LONGEST_KEY]
    page = DataPage(
        view,
        workspace,
        newest,
        actions.actions(name),
        coverage_view(coverage) if coverage else None,
        check.shown_images(_shown_ids(newest, opened)),
        opened,
        _pinned(newest, workspace),
        alike_words(remedy.alike_state(name)),
    )
    return render_template("views/data.html", page=page)


@blueprint.post("/c/<collection:name>/data/check")
@security.requires("data")
@slots.costly()
def run_check(name: str) -> Response:
    """Check the collection now."""
    check.check(name, app_settings.settings(), whole(request.form, "version", 1))
    notices.saved(gettext("Checked."))
    return redirect(url_for("data.show", name=name), 303)


@blueprint.post("/c/<collection:name>/data/leave-out")
@security.requires("data")
@slots.costly()
def leave_out(name: str) -> Response:
    """Leave the images of a finding out of training and test set."""
    return _done(name, actions.leave_out(security.user_id(), name, _finding()))


@blueprint.post("/c/<collection:name>/data/one-group")
@security.requires("data")
@slots.costly()
def one_group(name: str) -> Response:
    """Keep each group of duplicates on one side of the split."""
    return _done(name, actions.one_group(security.user_id(), name, _finding()))


@blueprint.post("/c/<collection:name>/data/make-alike")
@security.requires("data")
@slots.costly()
def make_alike(name: str) -> Response:
    """Have all images made alike, from the next analysis on."""
    user_id, settings = security.user_id(), app_settings.settings()
    return _done(name, remedy.make_alike(user_id, name, settings, _finding()))


@blueprint.post("/c/<collection:name>/data/actions/<record:action_id>/undo")
@security.requires("data")
@slots.costly()
def undo(name: str, action_id: int) -> Response:
    """Undo one's own action."""
    actions.undo(security.user_id(), action_id)
    check.check_again(name, app_settings.settings())
    notices.saved(gettext("Undone."))
    return redirect(url_for("data.show", name=name), 303)


def _shown_ids(newest: Check | None, opened: str) -> list[int]:
    return [
        image_id
        for finding in (newest.findings if newest else ())
        for group in finding.groups[: MOST_LISTED if finding.key == opened else MOST_SETS]
        for image_id in group[:MOST_OF_SET]
    ]


def _pinned(newest: Check | None, workspace: Workspace) -> int | None:
    """None, too, for a version that is gone."""
    if newest is None or newest.version not in {each.number for each in workspace.versions}:
        return None
    shown = workspace.version
    return None if shown and shown.active and shown.number == newest.version else newest.version


def _finding() -> str:
    return words(request.form, "finding", LONGEST_KEY, gettext("Finding"))


def _done(name: str, action: ActionView) -> Response:
    """Check again, so that the page shows what is left."""
    check.check_again(name, app_settings.settings())
    back = url_for("data.show", name=name)
    notices.saved(
        gettext("Done for %(images)s images.", images=action.images),
        undo=url_for("data.undo", name=name, action_id=action.id),
        back=back,
    )
    return redirect(back, 303)
