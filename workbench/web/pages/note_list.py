"""The notes of a collection, with what came of them under the version that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.image import note_replays
from workbench.services.image.note_replays import OpenRequest
from workbench.services.review import note_list
from workbench.services.review.note_list import CAME, EDIT_KINDS, Came, NoteFilter, NotePage
from workbench.services.runs import lease
from workbench.services.workspaces import Workspace
from workbench.web.request.entering import enter, enter_to_write, version_of
from workbench.web.request.parsing import choice, line, whole
from workbench.web.request.view import View
from workbench.web.site import notices, security, slots, ways_back

blueprint = Blueprint("note_list", __name__)
_LONGEST_NAME = 80
_LONGEST_SEARCH = 100


@dataclass(frozen=True)
class NotesPage:
    """What `views/notes.html` shows."""

    view: View
    workspace: Workspace
    asked: NoteFilter
    arguments: dict[str, str | int | None]
    """Those of the address that limit it."""
    notes: NotePage
    counts: dict[Came, int]
    authors: tuple[str, ...]
    replaying: OpenRequest | None
    error: str
    """Why the newest request to replay all ended early."""
    worker_alive: bool

    @property
    def total(self) -> int:
        """How many notes there are, whatever is listed."""
        return sum(self.counts.values())


@blueprint.get("/c/<collection:name>/notes")
def show(name: str) -> str:
    """A page of notes, the newest first."""
    view, workspace = enter(name)
    version = version_of(workspace)
    collection_id = workspace.collection.id
    asked = _asked(request.args)
    replaying = note_replays.open_request(version.id)
    return render_template(
        "views/notes.html",
        page=NotesPage(
            view=view,
            workspace=workspace,
            asked=asked,
            arguments=_arguments(view, asked),
            notes=note_list.notes_of(
                collection_id, version.id, asked, whole(request.args, "after", low=1)
            ),
            counts=note_list.counts(collection_id, version.id),
            authors=note_list.authors(collection_id),
            replaying=replaying,
            error="" if replaying else note_replays.last_error(version.id),
            worker_alive=lease.worker_alive(),
        ),
    )


@blueprint.post("/c/<collection:name>/notes/<record:note_id>/replay")
@security.requires("note")
@slots.costly()
def replay(name: str, note_id: int) -> Response:
    """Replay one note on the version that is shown."""
    view, version_id = enter_to_write(name)
    note_replays.replay(note_id, version_id)
    notices.saved(gettext("Replayed on v%(number)s.", number=view.version))
    return redirect(_way_back(view), 303)


@blueprint.post("/c/<collection:name>/notes/replays")
@security.requires("note")
def replay_all(name: str) -> Response:
    """Ask for all notes to be replayed that were not yet, on the version that is shown."""
    view, version_id = enter_to_write(name)
    note_replays.request_replays(security.user_id(), version_id)
    return redirect(_way_back(view), 303)


@blueprint.post("/c/<collection:name>/notes/replays/cancel")
@security.requires("note")
def cancel(name: str) -> Response:
    """Cancel that; what was replayed stays."""
    view, version_id = enter_to_write(name)
    note_replays.cancel_replays(version_id)
    return redirect(_way_back(view), 303)


def _way_back(view: View) -> str:
    here = url_for("note_list.show", name=view.name, version=view.version)
    return ways_back.local_path(request.form.get("back")) or here


def _asked(values: Mapping[str, str]) -> NoteFilter:
    return NoteFilter(
        text=line(values, "words", _LONGEST_SEARCH) or "",
        person=line(values, "person", _LONGEST_NAME) or "",
        came=choice(values, "came", CAME) or "",
        edit_kind=choice(values, "of", EDIT_KINDS) or "",
    )


def _arguments(view: View, asked: NoteFilter) -> dict[str, str | int | None]:
    return {
        "name": view.name,
        "version": view.version,
        "words": asked.text or None,
        "person": asked.person or None,
        "came": asked.came or None,
        "of": asked.edit_kind or None,
    }
