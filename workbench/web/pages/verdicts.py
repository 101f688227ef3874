"""Deciding on an image."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.review import verdicts
from workbench.services.review.verdicts import LONGEST_REASON
from workbench.store.images import LABELS
from workbench.store.judgements import DECISIONS
from workbench.web.request.entering import enter_to_write
from workbench.web.request.parsing import choice, whole, words
from workbench.web.site import notices, security, ways_back
from workbench.web.site.verdict_words import saved_words

blueprint = Blueprint("verdicts", __name__)


@blueprint.post("/c/<collection:name>/images/<record:image_id>/verdicts")
@security.requires("judge")
def give(name: str, image_id: int) -> Response:
    """Decide on an image; in the queue, go on to the next one."""
    view, version_id = enter_to_write(name)
    decision = choice(request.form, "decision", DECISIONS)
    if decision is None:
        raise InvalidError(gettext("Choose a verdict: real, fake, unsure or exclude."))
    reason = words(request.form, "reason", LONGEST_REASON, gettext("Reason"))
    given = verdicts.give_verdict(
        security.user_id(),
        image_id,
        version_id,
        decision,
        reason,
        wrong_reason="wrong_reason" in request.form,
        shown_label=choice(request.form, "shown_label", LABELS),
        # A page that showed both sends the one that it would replace.
        seen=whole(request.form, "revision" if "revision" in request.form else "seen"),
    )
    here = view.image_url(image_id)
    notices.saved(
        gettext("Saved: %(decision)s.", decision=saved_words(given)),
        undo=url_for("verdicts.withdraw", verdict_id=given.id),
        back=here,
    )
    if view.queue:
        return redirect(
            url_for("adjudicate.show", name=name, version=view.version, after=image_id), 303
        )
    return redirect(here, 303)


@blueprint.post("/verdicts/<record:verdict_id>/withdraw")
@security.requires("judge")
def withdraw(verdict_id: int) -> Response:
    """Take back one's own verdict."""
    verdicts.withdraw_verdict(security.user_id(), verdict_id)
    notices.saved(gettext("Verdict withdrawn."))
    return redirect(ways_back.way_back("collections.show"), 303)
