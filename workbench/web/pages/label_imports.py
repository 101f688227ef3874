"""Imports of labels: a file checked, then written as decisions of who imports it; undone."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from workbench.services import app_settings
from workbench.services.errors import InvalidError
from workbench.services.interchange import importing, undoing
from workbench.services.interchange.importing import Report
from workbench.services.interchange.matching import FORMATS, SUFFIXES
from workbench.services.interchange.undoing import ImportView
from workbench.services.workspaces import Workspace
from workbench.web.request.entering import enter
from workbench.web.request.parsing import choice, words
from workbench.web.request.view import View
from workbench.web.site import notices, security, uploads
from workbench.web.site.formatting import count

blueprint = Blueprint("label_imports", __name__)
LARGEST_MEGABYTES = 20
_LONGEST_MAPPING = 2000


@dataclass(frozen=True)
class LabelImportsPage:
    """What `views/label_imports.html` shows. report: of a file that was sent."""

    view: View
    workspace: Workspace
    imports: tuple[ImportView, ...]
    address: str
    """Where files are sent to; empty where uploads are turned off."""
    person_id: int
    """Who reads the page: undoes their own."""
    form: str
    columns: str
    report: Report | None = None
    megabytes: int = LARGEST_MEGABYTES
    lines: int = importing.MOST_AT_ONCE
    formats: tuple[str, ...] = FORMATS


@blueprint.get("/c/<collection:name>/label-imports")
@security.requires("import_labels")
def index(name: str) -> str:
    """The form, and what was imported."""
    return _page(name, "jsonl", "")


@blueprint.post("/imports/labels/<ticket>")
@security.requires("import_labels")
def send(ticket: str) -> Response | str:
    """Check a file, and import it where that is asked for and nothing is wrong with it."""
    uploads.require_ticket(ticket)
    name = words(request.form, "collection", 80, gettext("Collection"))
    form = choice(request.form, "format", FORMATS) or "jsonl"
    columns = words(request.form, "columns", _LONGEST_MAPPING, gettext("Columns"))
    _view, workspace = enter(name)
    collection_id = workspace.collection.id
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidError(gettext("Choose a file."))
    with tempfile.TemporaryDirectory(dir=app_settings.settings().data_dir) as folder:
        path = _kept(file, Path(folder) / f"labels{SUFFIXES[form]}")
        mapping = _mapping(columns)
        if request.form.get("act") != "import":
            report = importing.check(collection_id, path, form, mapping)
        else:
            report = importing.import_labels(
                security.user_id(),
                collection_id,
                path,
                form,
                mapping,
                leave_out_wrong="leave_out_wrong" in request.form,
                most=importing.MOST_AT_ONCE,
            )
    if report.import_id is None:
        return _page(name, form, columns, report)
    notices.saved(
        ngettext(
            "Imported what is said of %(number)s image.",
            "Imported what is said of %(number)s images.",
            report.tally.images,
            number=count(report.tally.images),
        )
    )
    return redirect(url_for("label_imports.index", name=name), 303)


@blueprint.post("/c/<collection:name>/label-imports/<record:label_import_id>/undo")
@security.requires("import_labels")
def undo(name: str, label_import_id: int) -> Response:
    """Withdraw all that an import of one's own brought in."""
    _view, workspace = enter(name)
    done = undoing.undo_import(security.user_id(), workspace.collection.id, label_import_id)
    notices.saved(
        ngettext(
            "%(number)s decision undone.", "%(number)s decisions undone.", done, number=count(done)
        )
    )
    return redirect(url_for("label_imports.index", name=name), 303)


def _page(name: str, form: str, columns: str, report: Report | None = None) -> str:
    view, workspace = enter(name)
    settings = app_settings.settings()
    address = (
        url_for("label_imports.send", ticket=uploads.ticket()) if settings.upload_bytes else ""
    )
    page = LabelImportsPage(
        view,
        workspace,
        undoing.imports_of(workspace.collection.id),
        address,
        security.user_id(),
        form,
        columns,
        report,
    )
    return render_template("views/label_imports.html", page=page)


def _kept(file: FileStorage, path: Path) -> Path:
    file.save(path)
    if path.stat().st_size > LARGEST_MEGABYTES * 1_000_000:
        raise InvalidError(
            gettext(
                "This page takes files of up to %(most)s MB. Import larger ones with "
                "manage.py import-labels.",
                most=LARGEST_MEGABYTES,
            )
        )
    return path


def _mapping(columns: str) -> dict[str, str]:
    found = {}
    for line in filter(None, map(str.strip, columns.splitlines())):
        name, equals, column = line.partition("=")
        if not equals:
            raise InvalidError(
                gettext("Write field=column, one a line, not “%(line)s”.", line=line[:60])
            )
        found[name.strip()] = column.strip()
    return found
