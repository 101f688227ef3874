"""The people of a workbench, and what their roles let them do."""

from __future__ import annotations

from flask import Blueprint, render_template

from workbench.services.roles import PERMISSIONS
from workbench.store.people import ROLES
from workbench.web.site import security

blueprint = Blueprint("people", __name__)


@blueprint.get("/people/roles")
@security.requires("account")
def roles() -> str:
    """What each role may do."""
    return render_template("views/roles.html", permissions=PERMISSIONS, roles=ROLES)
