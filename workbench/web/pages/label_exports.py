"""Exports of label sets: asked for, watched, cancelled, downloaded; small sets at once."""

from __future__ import annotations

import tempfile

from flask import Blueprint, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services import app_settings
from workbench.services.errors import InvalidError
from workbench.services.interchange import exports, writing
from workbench.services.interchange.writing import AT_ONCE, FORMATS, file_name
from workbench.services.label_sets import reading
from workbench.services.runs import lease
from workbench.web.request.entering import enter
from workbench.web.request.parsing import choice
from workbench.web.site import notices, security, slots

blueprint = Blueprint("label_exports", __name__)
_IN_MEMORY = 4_000_000


@blueprint.post("/c/<collection:name>/label-sets/<record:number>/exports")
@security.requires("label_sets")
def ask(name: str, number: int) -> Response:
    """Let the worker write a file."""
    _view, workspace = enter(name)
    shown = reading.label_set(workspace.collection.id, number)
    form = choice(request.form, "format", tuple(FORMATS)) or "jsonl"
    exports.request(security.user_id(), shown.id, form)
    notices.saved(gettext("Export requested. You can leave this page; the export continues."))
    return _back(name, number)


@blueprint.get("/c/<collection:name>/exports/<record:export_id>")
@security.requires("label_sets")
def progress(name: str, export_id: int) -> Response:
    """How far an export is; a finished one makes the page that polls load itself again."""
    _view, workspace = enter(name)
    export = exports.export_of(workspace.collection.id, export_id)
    if not request.headers.get("HX-Request"):
        return _back(name, export.number)
    page = render_template(
        "partials/export_progress.html",
        name=name,
        export=export,
        worker_alive=lease.worker_alive(),
    )
    response = make_response(page)
    if not export.is_open:
        response.headers["HX-Refresh"] = "true"
    return response


@blueprint.post("/c/<collection:name>/exports/<record:export_id>/cancel")
@security.requires("label_sets")
def cancel(name: str, export_id: int) -> Response:
    """Stop an export."""
    _view, workspace = enter(name)
    collection_id = workspace.collection.id
    number = exports.export_of(collection_id, export_id).number
    exports.cancel(security.user_id(), collection_id, export_id)
    notices.saved(gettext("Cancellation requested."))
    return _back(name, number)


@blueprint.get("/c/<collection:name>/exports/<record:export_id>/file")
@security.requires("label_sets")
def download(name: str, export_id: int) -> Response:
    """The file of an export."""
    _view, workspace = enter(name)
    found = exports.download(workspace.collection.id, export_id, app_settings.settings())
    return send_file(
        found.path, mimetype=found.mimetype, as_attachment=True, download_name=found.name
    )


@blueprint.get(
    "/c/<collection:name>/label-sets/<record:number>/labels."
    "<any(jsonl, csv, parquet, coco, label_studio, cvat):form>"
)
@security.requires("label_sets")
@slots.costly()
def at_once(name: str, number: int, form: str) -> Response:
    """A small label set, written while one waits."""
    _view, workspace = enter(name)
    shown = reading.label_set(workspace.collection.id, number)
    if shown.images > AT_ONCE:
        raise InvalidError(
            gettext(
                "This label set has more than %(most)s images. Ask for an export instead.",
                most=AT_ONCE,
            )
        )
    out = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - sent, then closed by the answer
    writing.write_label_set(shown.id, form, out)
    out.seek(0)
    return send_file(
        out,
        mimetype=FORMATS[form].mimetype,
        as_attachment=True,
        download_name=file_name(name, number, form),
    )


def _back(name: str, number: int) -> Response:
    return redirect(url_for("label_sets.show", name=name, number=number), 303)
