"""Counterfactual notes: an edit of an image, saved with what was expected of it."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.image import counterfactuals
from workbench.services.review import notes
from workbench.services.review.notes import LONGEST_TEXT
from workbench.web.request.edits import read_edit, read_expectation
from workbench.web.request.entering import enter_to_write
from workbench.web.request.parsing import words
from workbench.web.site import notices, security, slots

blueprint = Blueprint("notes", __name__)


@blueprint.post("/c/<collection:name>/images/<record:image_id>/notes")
@security.requires("note")
@slots.costly()
def save(name: str, image_id: int) -> Response:
    """Save a counterfactual with what was expected of it."""
    view, version_id = enter_to_write(name)
    chosen = read_edit(request.form)
    expectation = read_expectation(request.form)
    if chosen is None or expectation is None:
        raise InvalidError(gettext("Choose an edit and what you expect p(fake) to do, and run it."))
    text = words(request.form, "text", LONGEST_TEXT, gettext("Note"))
    note = counterfactuals.save_note(
        security.user_id(), version_id, image_id, chosen.edit, expectation, text
    )
    here = view.image_url(image_id)
    notices.saved(
        gettext("Note saved."), undo=url_for("notes.withdraw", note_id=note.id), back=here
    )
    return redirect(here, 303)


@blueprint.post("/notes/<record:note_id>/withdraw")
@security.requires("note")
def withdraw(note_id: int) -> Response:
    """Take back one's own note."""
    notes.withdraw_note(security.user_id(), note_id)
    notices.saved(gettext("Note withdrawn."))
    return redirect(security.way_back("collections.show"), 303)
