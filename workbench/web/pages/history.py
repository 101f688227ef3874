"""Histories of people, images and tags, with undo of one's own, and their export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext, ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from workbench.services.review import history, history_export, undo
from workbench.services.review.history import Asked, HistoryPage
from workbench.services.review.history_export import FORMATS
from workbench.services.review.undo import Undoable
from workbench.web.request.asking import asked_arguments, read_asked
from workbench.web.request.parsing import choice, whole
from workbench.web.site import notices, security, ways_back
from workbench.web.site.formatting import count

blueprint = Blueprint("history", __name__)
_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}


@dataclass(frozen=True)
class PersonPage:
    """What `views/history.html` shows."""

    person: str
    own: bool
    asked: Asked
    arguments: dict[str, str | int | None]
    """Those of the address that limit it."""
    kinds: tuple[str, ...]
    """What it can be limited to."""
    history: HistoryPage
    collections: tuple[str, ...]
    undoable: Undoable | None
    """Of one's own history."""


@blueprint.get("/history")
@security.requires("account")
def own() -> Response:
    """Go to one's own history."""
    return redirect(url_for("history.person", person_id=security.user_id()), 303)


@blueprint.get("/people/<record:person_id>/history")
def person(person_id: int) -> str:
    """What a person decided, the newest first."""
    name = history.person_named(person_id)
    asked = read_asked(request.args, person_id)
    is_own = bool(current_user.is_authenticated and security.user_id() == person_id)
    return render_template(
        "views/history.html",
        page=PersonPage(
            person=name,
            own=is_own,
            asked=asked,
            arguments=asked_arguments(asked),
            kinds=history.KIND_NAMES,
            history=history.history(asked, whole(request.args, "after")),
            collections=history.collection_names(),
            undoable=undo.count_undoable(person_id, asked) if is_own else None,
        ),
    )


@blueprint.post("/history/<record:event_id>/undo")
@security.requires("account")
def undo_one(event_id: int) -> Response:
    """Undo one event of one's own."""
    undo.undo(security.user_id(), event_id)
    notices.saved(gettext("Undone."))
    return redirect(ways_back.way_back("history.own"), 303)


@blueprint.post("/history/undo")
@security.requires("account")
def undo_all() -> Response:
    """Undo all of one's own events that the page counted."""
    asked = read_asked(request.form, security.user_id())
    done = undo.undo_all(security.user_id(), asked, _seen(request.form))
    notices.saved(
        ngettext(
            "%(number)s decision undone.", "%(number)s decisions undone.", done, number=count(done)
        )
    )
    return redirect(ways_back.way_back("history.own"), 303)


@blueprint.get("/history/export")
@security.requires("account")
def export() -> Response:
    """The events that the address asks for, as CSV or JSON lines, written while they are read."""
    form = choice(request.args, "format", FORMATS) or "csv"
    asked = read_asked(request.args)
    return Response(
        stream_with_context(history_export.lines(asked, form)),
        content_type=_TYPES[form],
        headers={"Content-Disposition": f"attachment; filename=history.{form}"},
    )


def _seen(values: Mapping[str, str]) -> Undoable:
    return Undoable(whole(values, "count") or 0, whole(values, "newest") or 0, more=False)
