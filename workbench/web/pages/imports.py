"""Imports from the browser: a folder or an upload, a dry run, progress, the report."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services import app_settings
from workbench.services.intake import folders, jobs
from workbench.services.intake.folders import Listing
from workbench.services.intake.jobs import DryRun, JobView
from workbench.services.intake.options import FormOptions, lines_of
from workbench.services.runs import lease
from workbench.web.request.parsing import words
from workbench.web.site import notices, security, slots, uploads

blueprint = Blueprint("imports", __name__)
LONGEST_KEY = 4000
LONGEST_OPTION = 2000


@dataclass(frozen=True)
class ImportsPage:
    """What `views/imports.html` shows."""

    listing: Listing | None
    """None where no import root is set."""
    upload_address: str
    """Empty where uploads are turned off."""
    upload_megabytes: float
    upload_files: int
    collection: str
    jobs: tuple[JobView, ...]
    worker_alive: bool


@dataclass(frozen=True)
class ImportPage:
    """What `views/import.html` shows."""

    job: JobView
    options: FormOptions
    dry_run: DryRun | None
    """Of a draft."""
    worker_alive: bool


@blueprint.get("/imports")
@security.requires("import")
def index() -> str:
    """What can be imported, and the newest imports."""
    settings = app_settings.settings()
    address = url_for("imports.upload", ticket=uploads.ticket()) if settings.upload_bytes else ""
    page = ImportsPage(
        listing=folders.list_folder(request.args.get("folder", ""), settings),
        upload_address=address,
        upload_megabytes=settings.upload_megabytes,
        upload_files=settings.upload_files,
        collection=request.args.get("collection", ""),
        jobs=jobs.recent(),
        worker_alive=lease.worker_alive(),
    )
    return render_template("views/imports.html", page=page)


@blueprint.post("/imports/folder")
@security.requires("import")
def choose_folder() -> Response:
    """Draft an import of a folder below the import root."""
    key = request.form.get("folder", "")[:LONGEST_KEY]
    job = jobs.draft_folder(security.user_id(), _collection(), key, app_settings.settings())
    return redirect(url_for("imports.show", job_id=job.id), 303)


@blueprint.post("/imports/upload/<ticket>")
@security.requires("import")
def upload(ticket: str) -> Response:
    """Draft an import of what a browser sends: an archive, or files."""
    settings = app_settings.settings()
    if not settings.upload_bytes:
        abort(404)
    uploads.require_ticket(ticket)
    files = request.files.getlist("files")
    job = jobs.draft_upload(security.user_id(), _collection(), files, settings)
    return redirect(url_for("imports.show", job_id=job.id), 303)


def _is_quick() -> bool:
    """Whether the page of an import looks at no files: it is no draft."""
    return jobs.job_of(int((request.view_args or {})["job_id"])).state != "draft"


@blueprint.get("/imports/<record:job_id>")
@security.requires("import")
@slots.costly(unless=_is_quick)
def show(job_id: int) -> str:
    """One import: its dry run, how far it is, or its report."""
    job = jobs.job_of(job_id)
    dry_run = jobs.dry_run(job_id, app_settings.settings()) if job.state == "draft" else None
    suggested = dry_run.suggested if dry_run else None
    page = ImportPage(job, suggested or job.options, dry_run, lease.worker_alive())
    return render_template("views/import.html", page=page)


@blueprint.post("/imports/<record:job_id>/options")
@security.requires("import")
def set_options(job_id: int) -> Response:
    """Change how a draft is read, and try again."""
    form = request.form
    options = FormOptions(
        labels=lines_of(form.get("labels", "")[:LONGEST_OPTION]),
        columns=lines_of(form.get("columns", "")[:LONGEST_OPTION]),
        generator=form.get("generator", "").strip()[:LONGEST_OPTION],
        table=form.get("table", "")[:LONGEST_OPTION],
        title=form.get("title", "").strip()[:LONGEST_OPTION],
        draw_split="draw_split" in form,
        accept_changes="accept_changes" in form,
    )
    jobs.set_options(job_id, options)
    return redirect(url_for("imports.show", job_id=job_id), 303)


@blueprint.post("/imports/<record:job_id>/start")
@security.requires("import")
def start(job_id: int) -> Response:
    """Let the worker import."""
    jobs.start(security.user_id(), job_id)
    notices.saved(gettext("Import requested. You can leave this page; the import continues."))
    return redirect(url_for("imports.show", job_id=job_id), 303)


@blueprint.post("/imports/<record:job_id>/cancel")
@security.requires("import")
def cancel(job_id: int) -> Response:
    """Discard a draft, or stop an import between two images."""
    was_draft = jobs.job_of(job_id).state == "draft"
    jobs.cancel(security.user_id(), job_id, app_settings.settings())
    notices.saved(gettext("Discarded.") if was_draft else gettext("Cancellation requested."))
    if was_draft:
        return redirect(url_for("imports.index"), 303)
    return redirect(url_for("imports.show", job_id=job_id), 303)


@blueprint.get("/imports/<record:job_id>/progress")
@security.requires("import")
def progress(job_id: int) -> Response:
    """How far an import is; a finished one makes the page that polls load itself again."""
    job = jobs.job_of(job_id)
    if not request.headers.get("HX-Request"):
        return redirect(url_for("imports.show", job_id=job_id), 303)
    alive = lease.worker_alive()
    page = render_template("partials/import_progress.html", job=job, worker_alive=alive)
    response = make_response(page)
    if not job.is_open:
        response.headers["HX-Refresh"] = "true"
    return response


def _collection() -> str:
    return words(request.form, "collection", 80, gettext("Collection"))
