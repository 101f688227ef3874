"""Signing in, joining and linking by the identity provider."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from workbench.services import accounts
from workbench.services.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    ServiceError,
    UnavailableError,
)
from workbench.services.people import identities, invitations, provider
from workbench.services.people.provider import Proven
from workbench.web.panels.login import SignInForm, sign_in_page
from workbench.web.site import (
    headers,
    links,
    notices,
    provider_visits,
    security,
    signing_in,
    ways_back,
)
from workbench.web.site.errors import words_of
from workbench.web.site.limits import limiter
from workbench.web.site.password_tries import tried
from workbench.web.site.provider_visits import Joining, Visit

blueprint = Blueprint("provider", __name__)

Answer = Response | str | tuple[str, int] | tuple[Response, int]
TRIES = "30 per minute"
"""Of one address."""


class NameForm(FlaskForm):  # type: ignore[misc]
    """The name of a new account."""

    name = StringField(
        lazy_gettext("User name"),
        [InputRequired(lazy_gettext("Enter a user name.")), Length(max=accounts.LONGEST_NAME)],
    )


class LinkForm(FlaskForm):  # type: ignore[misc]
    """The password, once more."""

    current = PasswordField(
        lazy_gettext("Current password"),
        [InputRequired(lazy_gettext("Enter your password.")), Length(max=1024)],
    )


@blueprint.get("/login/provider")
@limiter.limit(TRIES)
def start() -> Answer:
    """Go to the provider, to come back signed in."""
    found = provider.required()
    then = ways_back.local_path(request.args.get("next"))
    again = request.args.get("again") == "1"
    if current_user.is_authenticated and not again:
        return redirect(then or url_for("collections.show"), 303)
    try:
        return redirect(provider_visits.start(found, "sign in", then=then, again=again), 303)
    except UnavailableError as error:
        return sign_in_page(SignInForm(), then, refused=words_of(error)), 503


@blueprint.get("/login/provider/callback")
@limiter.limit(TRIES)
def callback() -> Answer:
    """Come back from the provider."""
    found = provider.required()
    visit = provider_visits.finish(request.args.get("state", ""))
    if visit is None:
        refused = gettext(
            "This sign-in was begun in another browser, was finished before, or took too long. "
            "Begin again."
        )
        return sign_in_page(SignInForm(), None, refused=refused), 400
    try:
        return _go_on(visit, _proven(found, visit))
    except ServiceError as error:
        if visit.purpose != "sign in":
            raise
        status = 503 if isinstance(error, UnavailableError) else 403
        return sign_in_page(SignInForm(), visit.then, refused=words_of(error)), status


@blueprint.get("/join/provider")
@limiter.limit(TRIES)
def join() -> Response:
    """Go to the provider with an invitation."""
    found = provider.required()
    token = request.args.get("token", "")
    invitations.role_offered(token)
    return redirect(provider_visits.start(found, "join", token=token), 303)


@blueprint.get("/join/name")
@limiter.limit(TRIES)
def choose_name() -> Response:
    """Choose the name of the account that is made for who came back."""
    joining = _joining()
    form = NameForm(name=joining.proven.name)
    return _choose_name(form, joining)


@blueprint.post("/join/name")
@limiter.limit(TRIES)
def choose_name_submit() -> Response | tuple[Response, int]:
    """Make the account, and sign in."""
    joining = _joining()
    form = NameForm()
    if not form.validate_on_submit():
        return _choose_name(form, joining), 422
    identities.require_free(joining.proven)
    try:
        account = identities.join(joining.token, form.name.data, joining.proven)
    except (ConflictError, InvalidError) as error:
        form.name.errors = [str(error)]
        return _choose_name(form, joining), 422
    signing_in.remember(account, joining.proven.issuer)
    notices.saved(gettext("Welcome, %(name)s.", name=account.name))
    return redirect(url_for("collections.show"), 303)


@blueprint.get("/account/provider")
@security.requires("account")
def link() -> str:
    """Ask for the password, to link the account."""
    return _link(LinkForm())


@blueprint.post("/account/provider")
@security.requires("account")
def link_submit() -> Answer:
    """Go to the provider, to come back with the account linked."""
    found = provider.required()
    form = LinkForm()
    if not form.validate_on_submit():
        return _link(form), 422
    name, current = current_user.name, form.current.data
    if tried(name, lambda: accounts.authenticate(name, current)) is None:
        return _link(form, failed=True), 422
    url = provider_visits.start(found, "link", user_id=security.user_id())
    # No redirect: the policy lets no form lead off the site.
    return headers.shown_once(render_template("views/to_provider.html", provider=found, url=url))


@blueprint.post("/account/provider/unlink")
@security.requires("account")
def unlink() -> Response:
    """Unlink the account; all other sessions end."""
    found = provider.required()
    account = current_user.account
    identities.unlink(account.id, found.issuer)
    signing_in.remember(account)
    notices.saved(
        gettext("Unlinked from %(provider)s. Sign in with your password.", provider=found.name)
    )
    return redirect(url_for("accounts.show"), 303)


@blueprint.get("/signed-out")
@limiter.limit(TRIES)
def signed_out() -> str:
    """Say so, and offer to sign out at the provider, too."""
    found = provider.required()
    url = found.end_session_url(links.link("accounts.login"))
    return render_template("views/signed_out.html", provider=found, url=url)


def _proven(found: provider.Provider, visit: Visit) -> Proven:
    """Who has come back. Raises ForbiddenError or UnavailableError."""
    code = request.args.get("code", "")
    if not code or request.args.get("iss", found.issuer) != found.issuer:
        raise ForbiddenError(gettext("%(provider)s did not sign you in.", provider=found.name))
    return found.prove(
        code, back=provider_visits.back(), nonce=visit.nonce, verifier=visit.verifier
    )


def _go_on(visit: Visit, proven: Proven) -> Response:
    if visit.purpose == "join":
        identities.require_free(proven)
        invitations.role_offered(visit.token)
        provider_visits.keep_joining(proven, visit.token)
        return redirect(url_for("provider.choose_name"), 303)
    if visit.purpose == "link":
        if not current_user.is_authenticated or security.user_id() != visit.user_id:
            raise ForbiddenError(gettext("Sign in with your password, then link your account."))
        identities.link(security.user_id(), proven)
        notices.saved(gettext("Your account is linked. You can sign in either way."))
        return redirect(url_for("accounts.show"), 303)
    account = identities.account(proven)
    signing_in.remember(account, proven.issuer)
    return redirect(ways_back.local_path(visit.then) or url_for("collections.show"), 303)


def _joining() -> Joining:
    found = provider.required()
    joining = provider_visits.joining()
    if joining is None or joining.proven.issuer != found.issuer:
        raise NotFoundError(gettext("Open the link of your invitation again."))
    return joining


def _choose_name(form: NameForm, joining: Joining) -> Response:
    role = invitations.role_offered(joining.token)
    return headers.shown_once(
        render_template("views/join_name.html", form=form, role=role, provider=provider.required())
    )


def _link(form: LinkForm, *, failed: bool = False) -> str:
    return render_template(
        "views/link_provider.html", form=form, failed=failed, provider=provider.required()
    )
