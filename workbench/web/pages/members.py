"""Who sees a collection."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.people import membership
from workbench.web.request.parsing import choice, ids
from workbench.web.site import notices, security

blueprint = Blueprint("members", __name__)


@blueprint.get("/c/<collection:name>/members")
@security.requires("people")
def show(name: str) -> str:
    """Whether a collection is restricted, and who its members are."""
    access = membership.access_to(name)
    return render_template(
        "views/members.html", access=access, people=membership.candidates(access.id)
    )


@blueprint.post("/c/<collection:name>/members")
@security.requires("people")
def save(name: str) -> Response:
    """Set who sees the collection."""
    seen_by = choice(request.form, "seen_by", ("everybody", "members"))
    if seen_by is None:
        raise InvalidError(gettext("Choose who sees the collection."))
    membership.save(
        security.user_id(), name, ids(request.form, "member"), restricted=seen_by == "members"
    )
    notices.saved(gettext("Saved: who sees “%(name)s”.", name=name))
    return redirect(url_for("people.index"), 303)
