"""Counterfactual notes: an edit of an image, run and saved with what was expected of it."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.image import note_writing
from workbench.services.review import note_replies, notes
from workbench.services.review.notes import LONGEST_TEXT
from workbench.web.request.edits import read_edit, read_expected
from workbench.web.request.entering import enter_to_write
from workbench.web.request.parsing import number_text, whole, words
from workbench.web.site import notices, security, slots, ways_back

blueprint = Blueprint("notes", __name__)


@blueprint.post("/c/<collection:name>/images/<record:image_id>/expectations")
@security.requires("note")
def run(name: str, image_id: int) -> Response:
    """Write down what is expected of an edit, then show what it does."""
    view, version_id = enter_to_write(name)
    chosen, expected = read_edit(request.form), read_expected(request.form)
    if chosen is None or expected is None:
        raise InvalidError(gettext("Choose an edit and what you expect p(fake) to do, and run it."))
    written = note_writing.expect(security.user_id(), version_id, image_id, chosen.edit, expected)
    there = view.image_url(
        image_id,
        edit=chosen.name,
        fill=chosen.fill,
        to=chosen.to,
        expectation=expected.direction,
        bound=None if expected.bound is None else number_text(expected.bound),
        expected=written,
    )
    return redirect(f"{there}#counterfactual", 303)


@blueprint.post("/c/<collection:name>/images/<record:image_id>/notes")
@security.requires("note")
@slots.costly()
def save(name: str, image_id: int) -> Response:
    """Save a counterfactual with what was expected of it."""
    view, _version_id = enter_to_write(name)
    expected = whole(request.form, "expected", low=1)
    if expected is None:
        raise InvalidError(gettext("Choose an edit and what you expect p(fake) to do, and run it."))
    text = words(request.form, "text", LONGEST_TEXT, gettext("Note"))
    note = note_writing.save_note(security.user_id(), expected, text)
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
    return redirect(ways_back.way_back("collections.show"), 303)


@blueprint.post("/notes/<record:note_id>/replies")
@security.requires("note")
def reply(note_id: int) -> Response:
    """Reply to a note."""
    text = words(request.form, "text", LONGEST_TEXT, gettext("Reply"))
    made = note_replies.reply(security.user_id(), note_id, text)
    back = ways_back.way_back("collections.show")
    notices.saved(
        gettext("Reply saved."), undo=url_for("notes.withdraw_reply", reply_id=made), back=back
    )
    return redirect(back, 303)


@blueprint.post("/replies/<record:reply_id>/withdraw")
@security.requires("note")
def withdraw_reply(reply_id: int) -> Response:
    """Take back one's own reply."""
    note_replies.withdraw_reply(security.user_id(), reply_id)
    notices.saved(gettext("Reply withdrawn."))
    return redirect(ways_back.way_back("collections.show"), 303)
