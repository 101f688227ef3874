"""The people of a workbench as an admin sees them, and what roles let them do."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.people import (
    administration,
    identities,
    invitations,
    membership,
    provider,
    resets,
    tokens,
)
from workbench.services.people.administration import Person
from workbench.services.people.invitations import InvitationView
from workbench.services.people.membership import Access
from workbench.services.people.tokens import TokenView
from workbench.services.roles import PERMISSIONS
from workbench.store.people import ROLES
from workbench.web.request.parsing import choice, ids, line
from workbench.web.site import headers, links, notices, security

blueprint = Blueprint("people", __name__)


@dataclass(frozen=True)
class PeoplePage:
    """What `views/people.html` shows."""

    people: tuple[Person, ...]
    invitations: tuple[InvitationView, ...]
    access: tuple[Access, ...]
    tokens: tuple[TokenView, ...]
    linked: frozenset[int]
    """Ids of the accounts that are linked to the identity provider."""

    @property
    def restricted(self) -> tuple[Access, ...]:
        """Collections that an invitation can make somebody a member of."""
        return tuple(each for each in self.access if each.restricted)

    def memberships(self, name: str) -> list[str]:
        """The restricted collections that an account is a member of."""
        return [each.name for each in self.restricted if name in each.members]

    @property
    def open(self) -> tuple[InvitationView, ...]:
        """Invitations that can still be used."""
        return tuple(each for each in self.invitations if each.state == "open")

    @property
    def closed(self) -> tuple[InvitationView, ...]:
        """The others."""
        return tuple(each for each in self.invitations if each.state != "open")


@blueprint.get("/people")
@security.requires("people")
def index() -> str:
    """All accounts and invitations."""
    found = provider.configured()
    page = PeoplePage(
        administration.people(),
        invitations.invitations(),
        membership.access(),
        tokens.tokens(),
        identities.linked(found.issuer) if found else frozenset(),
    )
    return render_template("views/people.html", page=page, roles=ROLES, provider=found)


@blueprint.get("/people/roles")
@security.requires("account")
def roles() -> str:
    """What each role may do."""
    return render_template("views/roles.html", permissions=PERMISSIONS, roles=ROLES)


@blueprint.post("/people/invitations")
@security.requires("people")
def invite() -> Response:
    """Make an invitation, and show its link: this once."""
    note = line(request.form, "note", invitations.LONGEST_NOTE) or ""
    token = invitations.invite(security.user_id(), _role(), note, ids(request.form, "collection"))
    return headers.shown_once(
        render_template(
            "views/people_link.html",
            title=gettext("Invitation"),
            link=links.link("joining.join", token=token),
            days=invitations.LASTS.days,
            person=note,
        )
    )


@blueprint.post("/people/invitations/<record:invitation_id>/revoke")
@security.requires("people")
def revoke(invitation_id: int) -> Response:
    """Let an invitation's link be worth nothing."""
    invitations.revoke(security.user_id(), invitation_id)
    return _changed(gettext("Invitation revoked."))


@blueprint.post("/people/<record:person_id>/role")
@security.requires("people")
def set_role(person_id: int) -> Response:
    """Change what an account may do."""
    administration.set_role(security.user_id(), person_id, _role())
    return _changed(gettext("Role changed."))


@blueprint.post("/people/<record:person_id>/deactivate")
@security.requires("people")
def deactivate(person_id: int) -> Response:
    """Let an account sign in no more."""
    administration.deactivate(security.user_id(), person_id)
    return _changed(gettext("Account deactivated. Its sessions have ended."))


@blueprint.post("/people/<record:person_id>/activate")
@security.requires("people")
def activate(person_id: int) -> Response:
    """Let a deactivated account sign in again."""
    administration.activate(security.user_id(), person_id)
    return _changed(gettext("Account activated."))


@blueprint.post("/people/<record:person_id>/unlink")
@security.requires("people")
def unlink(person_id: int) -> Response:
    """Let somebody sign in by the identity provider no more."""
    found = provider.required()
    identities.unlink_as_admin(security.user_id(), person_id, found.issuer)
    return _changed(gettext("Account unlinked. Its sessions have ended."))


@blueprint.post("/people/<record:person_id>/reset")
@security.requires("people")
def reset_password(person_id: int) -> Response:
    """Make a link to choose a new password with, and show it: this once."""
    token = resets.offer(security.user_id(), person_id)
    return headers.shown_once(
        render_template(
            "views/people_link.html",
            title=gettext("Password reset"),
            link=links.link("joining.choose_password", token=token),
            days=resets.LASTS.days,
            person=resets.whose(token),
        )
    )


@blueprint.post("/people/tokens/<record:token_id>/revoke")
@security.requires("people")
def revoke_token(token_id: int) -> Response:
    """Revoke anybody's API token."""
    tokens.revoke(security.user_id(), token_id, of_anybody=True)
    return _changed(gettext("Token revoked."))


def _role() -> str:
    role = choice(request.form, "role", ROLES)
    if role is None:
        raise InvalidError(gettext("Choose a role."))
    return role


def _changed(said: str) -> Response:
    notices.saved(said)
    return redirect(url_for("people.index"), 303)
