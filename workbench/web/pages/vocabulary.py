"""The vocabulary that suggestions are taken from."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.review import vocabulary
from workbench.services.review.vocabulary import LONGEST_TEXT, LONGEST_WORD, MOST_WORDS
from workbench.services.similar import suggestions
from workbench.web.request.parsing import whole, words
from workbench.web.site import notices, security, slots

blueprint = Blueprint("vocabulary", __name__)


@blueprint.get("/vocabulary")
def show() -> str:
    """The words, one a line, and who saved them."""
    return render_template(
        "views/vocabulary.html",
        vocabulary=vocabulary.vocabulary(),
        most=MOST_WORDS,
        longest=LONGEST_WORD,
    )


@blueprint.post("/vocabulary/words")
@security.requires("tag")
@slots.costly()
def save() -> Response:
    """Save the words, and rank them anew for the active versions whose encoder reads text."""
    text = words(request.form, "words", LONGEST_TEXT, gettext("Words"))
    seen = whole(request.form, "revision")
    vocabulary.save_vocabulary(security.user_id(), text, seen or 0)
    suggestions.suggest_again()
    notices.saved(gettext("Vocabulary saved."))
    return redirect(url_for("vocabulary.show"), 303)
