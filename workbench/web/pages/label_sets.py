"""Label sets: listed, made, shown, and compared."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.interchange import exports
from workbench.services.interchange.exports import ExportView
from workbench.services.interchange.writing import AT_ONCE, FORMATS
from workbench.services.label_sets import comparing, freezing, reading
from workbench.services.label_sets.comparing import Comparison
from workbench.services.label_sets.freezing import LONGEST_DESCRIPTION, LONGEST_NAME
from workbench.services.label_sets.reading import ImagesPage, LabelSetView
from workbench.services.runs import lease
from workbench.services.workspaces import Workspace
from workbench.store.label_sets import RULES
from workbench.web.request.entering import enter
from workbench.web.request.parsing import choice, whole, words
from workbench.web.request.view import View
from workbench.web.site import notices, security
from workbench.web.site.label_set_words import LABEL_WORDS

blueprint = Blueprint("label_sets", __name__)


@dataclass(frozen=True)
class LabelSetsPage:
    """What `views/label_sets.html` shows."""

    view: View
    workspace: Workspace
    label_sets: tuple[LabelSetView, ...]


@dataclass(frozen=True)
class LabelSetPage:
    """What `views/label_set.html` shows."""

    view: View
    workspace: Workspace
    shown: LabelSetView
    others: tuple[LabelSetView, ...]
    """What it can be compared with."""
    images: ImagesPage
    label: str | None
    rule: str | None
    exports: tuple[ExportView, ...]
    worker_alive: bool
    formats: tuple[str, ...] = tuple(FORMATS)
    quick: tuple[str, ...] = tuple(name for name, form in FORMATS.items() if not form.pictures)
    """Those without pictures."""
    at_once: int = AT_ONCE


@dataclass(frozen=True)
class ChangesPage:
    """What `views/label_set_changes.html` shows."""

    view: View
    workspace: Workspace
    earlier: LabelSetView
    later: LabelSetView
    found: Comparison


@blueprint.get("/c/<collection:name>/label-sets")
@security.requires("label_sets")
def index(name: str) -> str:
    """The label sets of a collection, and the form of a new one."""
    view, workspace = enter(name)
    found = reading.label_sets(workspace.collection.id)
    return render_template("views/label_sets.html", page=LabelSetsPage(view, workspace, found))


@blueprint.post("/c/<collection:name>/label-sets")
@security.requires("label_sets")
def make(name: str) -> Response:
    """Freeze what is decided now."""
    _view, workspace = enter(name)
    called = words(request.form, "name", LONGEST_NAME, gettext("Name"))
    about = words(request.form, "description", LONGEST_DESCRIPTION, gettext("Description"))
    number = freezing.make_label_set(security.user_id(), workspace.collection.id, called, about)
    notices.saved(gettext("Label set %(number)s is ready.", number=number))
    return redirect(url_for("label_sets.show", name=name, number=number), 303)


@blueprint.get("/c/<collection:name>/label-sets/<record:number>")
@security.requires("label_sets")
def show(name: str, number: int) -> str:
    """One label set: counts, then its images."""
    view, workspace = enter(name)
    collection_id = workspace.collection.id
    shown = reading.label_set(collection_id, number)
    label = choice(request.args, "label", tuple(LABEL_WORDS))
    rule = choice(request.args, "rule", RULES)
    page = LabelSetPage(
        view,
        workspace,
        shown,
        tuple(each for each in reading.label_sets(collection_id) if each.number != number),
        reading.images_of(shown.id, after=whole(request.args, "after"), label=label, rule=rule),
        label,
        rule,
        exports.exports_of(shown.id),
        lease.worker_alive(),
    )
    return render_template("views/label_set.html", page=page)


@blueprint.get("/c/<collection:name>/label-sets/<record:number>/changes")
@security.requires("label_sets")
def changes(name: str, number: int) -> str:
    """What changed from the set `since` to this one."""
    view, workspace = enter(name)
    collection_id = workspace.collection.id
    later = reading.label_set(collection_id, number)
    earlier = reading.label_set(collection_id, whole(request.args, "since") or 0)
    page = ChangesPage(view, workspace, earlier, later, comparing.compare(earlier.id, later.id))
    return render_template("views/label_set_changes.html", page=page)
