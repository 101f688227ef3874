"""Adjudication: images that people disagree on, and the final decision on one of them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services import workspaces
from workbench.services.errors import InvalidError
from workbench.services.queues import disagreements
from workbench.services.queues.disagreements import Disagreement, DisputedPage
from workbench.services.review import adjudications
from workbench.services.review.adjudications import LONGEST_REASON, Seen
from workbench.services.workspaces import Workspace
from workbench.store.judgements import DECISIONS
from workbench.web.request.entering import enter
from workbench.web.request.parsing import choice, whole, words
from workbench.web.request.view import View
from workbench.web.request.view_reading import joined, read_view
from workbench.web.site import notices, security, ways_back
from workbench.web.site.verdict_words import decision_words

blueprint = Blueprint("disagreements", __name__)


@dataclass(frozen=True)
class DisagreementsPage:
    """What `views/disagreements.html` shows."""

    view: View
    workspace: Workspace
    disputed: DisputedPage


@dataclass(frozen=True)
class DisagreementPage:
    """What `views/disagreement.html` shows."""

    view: View
    workspace: Workspace
    found: Disagreement
    following: int | None
    """The image that waits next."""
    kept_out: bool
    """Whether its queue keeps the reader from adjudicating it, who judged it."""

    @property
    def own_opinion(self) -> bool:
        """Whether the reader gave one of the verdicts."""
        return any(security.is_own(each.by) for each in self.found.standing.verdicts)


@blueprint.get("/c/<collection:name>/disagreements")
def index(name: str) -> str:
    """The images that wait for adjudication."""
    view, workspace = enter(name)
    disputed = disagreements.disputed_images(
        workspace.collection.id, whole(request.args, "after") or 0
    )
    page = DisagreementsPage(view, workspace, disputed)
    return render_template("views/disagreements.html", page=page)


@blueprint.get("/c/<collection:name>/disagreements/<record:image_id>")
def show(name: str, image_id: int) -> str:
    """What people say of an image, side by side."""
    view, workspace = enter(name)
    collection_id = workspace.collection.id
    page = DisagreementPage(
        view,
        workspace,
        disagreements.disagreement(collection_id, image_id),
        disagreements.next_disputed(collection_id, image_id),
        security.may("adjudicate") and disagreements.is_kept_out(security.user_id(), image_id),
    )
    return render_template("views/disagreement.html", page=page)


@blueprint.post("/c/<collection:name>/disagreements/<record:image_id>")
@security.requires("adjudicate")
def decide(name: str, image_id: int) -> Response:
    """Decide on an image, and go on to the next that waits."""
    view = read_view(name, joined(request.args))
    decision = choice(request.form, "decision", DECISIONS)
    if decision is None:
        raise InvalidError(gettext("Choose a decision: real, fake, unsure or exclude."))
    disagreements.find_image(workspaces.collection_id(name), image_id)
    made = adjudications.adjudicate(
        security.user_id(),
        image_id,
        decision,
        words(request.form, "reason", LONGEST_REASON, gettext("Reason")),
        Seen(
            whole(request.form, "verdict") or 0,
            # A page that showed both adjudications sends the one that it would replace.
            whole(request.form, "revision" if "revision" in request.form else "adjudication") or 0,
        ),
        independent=disagreements.must_be_independent(image_id),
    )
    here = url_for("disagreements.show", name=name, image_id=image_id, version=view.version)
    notices.saved(
        gettext("Adjudicated: %(decision)s.", decision=decision_words(decision)),
        undo=url_for("disagreements.withdraw", adjudication_id=made),
        back=here,
    )
    return redirect(
        url_for("disagreements.go_on", name=name, after=image_id, version=view.version), 303
    )


@blueprint.get("/c/<collection:name>/disagreements/next")
def go_on(name: str) -> Response:
    """Go to the image that waits behind one, or to the list where none does."""
    view = read_view(name, joined(request.args))
    collection_id = workspaces.collection_id(name)
    following = disagreements.next_disputed(collection_id, whole(request.args, "after") or 0)
    if following is None:
        return redirect(url_for("disagreements.index", name=name, version=view.version), 303)
    return redirect(
        url_for("disagreements.show", name=name, image_id=following, version=view.version), 303
    )


@blueprint.post("/adjudications/<record:adjudication_id>/withdraw")
@security.requires("adjudicate")
def withdraw(adjudication_id: int) -> Response:
    """Withdraw one's own adjudication: people disagree on the image again."""
    adjudications.withdraw_adjudication(security.user_id(), adjudication_id)
    notices.saved(gettext("Adjudication withdrawn."))
    return redirect(ways_back.way_back("collections.show"), 303)
