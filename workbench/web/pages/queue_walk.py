"""Judging the images of a review queue, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import ConflictError, InvalidError
from workbench.services.image import original
from workbench.services.image.original import OriginalView
from workbench.services.queues import claims, judging, rounds, walking
from workbench.services.queues.rounds import Round
from workbench.services.queues.walking import ItemView
from workbench.services.review.verdicts import LONGEST_REASON, Said
from workbench.services.workspaces import Workspace
from workbench.store.judgements import DECISIONS
from workbench.web.request.entering import enter
from workbench.web.request.parsing import choice, whole, words
from workbench.web.request.view import View
from workbench.web.site import notices, security
from workbench.web.site.verdict_words import saved_words

blueprint = Blueprint("queue_walk", __name__)


@dataclass(frozen=True)
class ItemPage:
    """What `views/queue_item.html` shows."""

    view: View
    workspace: Workspace
    item: ItemView
    picture: OriginalView
    ahead: OriginalView | None
    """The picture of the next image, which is loaded ahead."""


@dataclass(frozen=True)
class RoundPage:
    """What `views/queue_round.html` shows."""

    view: View
    workspace: Workspace
    queue_id: int
    round: Round


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/claims")
@security.requires("judge")
def claim(name: str, queue_id: int) -> Response:
    """Be given the next image; `skip` names one that comes later."""
    _view, workspace = enter(name)
    return _on(name, workspace.collection.id, queue_id, whole(request.form, "skip"))


@blueprint.get("/c/<collection:name>/queues/<record:queue_id>/images/<record:image_id>")
@security.requires("judge")
def show(name: str, queue_id: int, image_id: int) -> str:
    """An image that one was given."""
    view, workspace = enter(name)
    item = walking.item_view(security.user_id(), workspace.collection.id, queue_id, image_id)
    page = ItemPage(
        view,
        workspace,
        item,
        original.original_view(item.image_id),
        original.original_view(item.following) if item.following else None,
    )
    return render_template("views/queue_item.html", page=page)


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/images/<record:image_id>")
@security.requires("judge")
def judge(name: str, queue_id: int, image_id: int) -> Response:
    """Give a verdict, and go on to the next image, or to what a round came to."""
    _view, workspace = enter(name)
    collection_id = workspace.collection.id
    decision = choice(request.form, "decision", DECISIONS)
    if decision is None:
        raise InvalidError(gettext("Choose a verdict: real, fake, unsure or exclude."))
    said = Said(
        decision,
        words(request.form, "reason", LONGEST_REASON, gettext("Reason")),
        wrong_reason="wrong_reason" in request.form,
    )
    # A page that showed both verdicts sends the one that it would replace.
    seen = whole(request.form, "revision" if "revision" in request.form else "seen")
    judged = judging.judge(security.user_id(), collection_id, queue_id, image_id, said, seen=seen)
    if judged.counted:
        notices.saved(
            gettext("Saved: %(decision)s.", decision=saved_words(judged.verdict)),
            undo=url_for("queue_walk.undo", name=name, queue_id=queue_id),
        )
    else:
        notices.told(judged.why_not)
    if judged.ends_round:
        return redirect(
            url_for(
                "queue_walk.end_of_round", name=name, queue_id=queue_id, number=judged.ends_round
            ),
            303,
        )
    return _on(name, collection_id, queue_id)


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/undo")
@security.requires("judge")
def undo(name: str, queue_id: int) -> Response:
    """Withdraw one's newest verdict in the queue, and see its image again."""
    _view, workspace = enter(name)
    image_id = walking.undo_last(security.user_id(), workspace.collection.id, queue_id)
    notices.saved(gettext("Verdict withdrawn."))
    return redirect(
        url_for("queue_walk.show", name=name, queue_id=queue_id, image_id=image_id), 303
    )


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/images/<record:image_id>/lease")
@security.requires("judge")
def renew(name: str, queue_id: int, image_id: int) -> Response:
    """Keep one's turn at an image while one works at it; 409 where it has run out."""
    _view, workspace = enter(name)
    held = claims.renew(security.user_id(), workspace.collection.id, queue_id, image_id)
    return Response(status=204 if held else 409)


@blueprint.get("/c/<collection:name>/queues/<record:queue_id>/rounds/<int:number>")
@security.requires("judge")
def end_of_round(name: str, queue_id: int, number: int) -> str:
    """How a round of one's own went."""
    view, workspace = enter(name)
    told = rounds.round_of(security.user_id(), workspace.collection.id, queue_id, number)
    return render_template(
        "views/queue_round.html", page=RoundPage(view, workspace, queue_id, told)
    )


def _on(name: str, collection_id: int, queue_id: int, skipped: int | None = None) -> Response:
    """To the next image that one is given, else to the queue, which says what is left."""
    try:
        held = claims.claim(security.user_id(), collection_id, queue_id, after=skipped).image_ids
    except ConflictError as closed:
        notices.told(str(closed))
        held = ()
    else:
        if not held:
            notices.told(gettext("Nothing is left for you in this queue."))
    if not held:
        return redirect(url_for("queues.show", name=name, queue_id=queue_id), 303)
    return redirect(url_for("queue_walk.show", name=name, queue_id=queue_id, image_id=held[0]), 303)
