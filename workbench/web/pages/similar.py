"""What is most like an image, a pixel group or some words."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask_babel import gettext
from flask_login import current_user

from workbench.services.errors import InvalidError
from workbench.services.explore.cards import ImageCard
from workbench.services.similar import search
from workbench.services.similar.search import LONGEST_WORDS, MOST, GroupCard
from workbench.services.workspaces import Workspace
from workbench.web.panels.neighbours import Nearest, looked_up
from workbench.web.request.entering import enter, version_of
from workbench.web.request.parsing import whole, words
from workbench.web.request.view import View
from workbench.web.site import limits, slots

blueprint = Blueprint("similar", __name__)


@dataclass(frozen=True)
class SimilarPage:
    """What `views/similar.html` shows."""

    view: View
    workspace: Workspace
    image: ImageCard | None
    """What was asked for, or the image of the pixel group that was."""
    group: GroupCard | None
    words: str
    nearest: Nearest | None
    """None where nothing was asked for yet."""
    no_text: str | None
    """Why images cannot be looked for by words; None where they can."""


def _without_words() -> bool:
    return not request.args.get("words")


def _searches_allowed() -> str:
    """Words are encoded for each search; strangers get a taste of it."""
    return "120 per minute" if current_user.is_authenticated else "30 per minute"


@blueprint.get("/c/<collection:name>/similar")
@limits.limiter.limit(
    _searches_allowed, exempt_when=_without_words, deduct_when=limits.was_computed
)
@slots.costly(unless=_without_words)
def show(name: str) -> str:
    """Up to 48 neighbours of an image, a pixel group or some words."""
    view, workspace = enter(name)
    version = version_of(workspace).id
    image_id, group_id = whole(request.args, "image"), whole(request.args, "group")
    text = words(request.args, "words", LONGEST_WORDS, gettext("Text query")).replace("\n", " ")
    if sum((image_id is not None, group_id is not None, bool(text))) > 1:
        raise InvalidError(gettext("Give one query: an image, a pixel group or a text."))
    image, group, nearest = None, None, None
    if image_id is not None:
        image = search.image_card(version, image_id)
        nearest = looked_up(lambda: search.of_image(version, image_id, MOST))
    elif group_id is not None:
        group, image = search.group_card(version, group_id)
        nearest = looked_up(lambda: search.of_group(version, group_id, MOST))
    no_text = search.why_no_text(version)
    if text:
        nearest = (
            Nearest((), no_text)
            if no_text
            else looked_up(lambda: search.of_text(version, text, MOST))
        )
    page = SimilarPage(view, workspace, image, group, text, nearest, no_text)
    return render_template("views/similar.html", page=page)
