"""Signing in and out, and a person's own account."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from workbench.services import accounts, sign_in
from workbench.services.errors import ForbiddenError
from workbench.services.people import identities, provider, tokens
from workbench.services.roles import PERMISSIONS
from workbench.web.panels.login import SignInForm, sign_in_page
from workbench.web.request.parsing import line, whole
from workbench.web.site import headers, notices, security, signing_in, ways_back
from workbench.web.site.password_tries import tried

blueprint = Blueprint("accounts", __name__)

Answer = Response | str | tuple[str, int]


class FirstPasswordForm(FlaskForm):  # type: ignore[misc]
    """The password from now on, twice."""

    new = PasswordField(
        lazy_gettext("New password"),
        [
            InputRequired(lazy_gettext("Enter a new password.")),
            Length(
                accounts.SHORTEST_PASSWORD,
                accounts.LONGEST_PASSWORD,
                lazy_gettext("A password must have %(min)d to %(max)d characters."),
            ),
        ],
    )
    again = PasswordField(
        lazy_gettext("New password again"),
        [EqualTo("new", lazy_gettext("The new passwords differ."))],
    )


class PasswordForm(FirstPasswordForm):
    """The same, and the password of today."""

    current = PasswordField(
        lazy_gettext("Current password"),
        [InputRequired(lazy_gettext("Enter your password.")), Length(max=1024)],
    )


@blueprint.get("/login")
def login() -> Answer:
    """The sign-in form."""
    if current_user.is_authenticated:
        return redirect(_next(), 303)
    return sign_in_page(SignInForm(), ways_back.local_path(request.args.get("next")))


@blueprint.post("/login")
def login_submit() -> Answer:
    """Sign in, and go on to the page that was asked for."""
    form, then = SignInForm(), ways_back.local_path(request.args.get("next"))
    if not form.validate_on_submit():
        return sign_in_page(form, then), 422
    name, password = form.name.data.strip(), form.password.data
    account = tried(name, lambda: accounts.authenticate(name, password))
    if account is None:
        return sign_in_page(form, then, refused=gettext("Incorrect user name or password.")), 401
    target = _next()
    signing_in.remember(account)
    return redirect(target, 303)


@blueprint.post("/logout")
@security.reads
def logout() -> Response:
    """Sign out here; who came by the provider is asked whether there, too."""
    found, issuer = provider.configured(), signing_in.issuer()
    signing_in.forget()
    by_provider = found is not None and found.issuer == issuer
    return redirect(url_for("provider.signed_out" if by_provider else "collections.show"), 303)


@blueprint.get("/account")
@security.requires("account")
def show() -> Answer:
    """The reader's own account."""
    return _account(PasswordForm())


@blueprint.post("/account/password")
@security.requires("account")
def change_password() -> Answer:
    """Change the password; all other sessions end."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return _account(form), 422
    name, current = current_user.name, form.current.data
    account = tried(name, lambda: accounts.authenticate(name, current))
    if account is None:
        return _account(form, failed=True), 422
    accounts.change_password(account.id, form.new.data)
    signing_in.remember(account)
    notices.saved(gettext("Password changed. You are signed out everywhere else."))
    return redirect(url_for("accounts.show"), 303)


@blueprint.post("/account/first-password")
@security.requires("account")
def set_first_password() -> Answer:
    """Set a password where there is none, a short while after signing in; other sessions end."""
    form = FirstPasswordForm()
    if accounts.has_password(security.user_id()):
        return redirect(url_for("accounts.show"), 303)
    if not sign_in.is_fresh(current_user.id):
        raise ForbiddenError(gettext("Sign in again, then set a password."))
    if not form.validate_on_submit():
        return _account(form), 422
    account, issuer = current_user.account, signing_in.issuer()
    accounts.set_first_password(account.id, form.new.data)
    signing_in.remember(account, issuer)
    notices.saved(gettext("Password set. You are signed out everywhere else."))
    return redirect(url_for("accounts.show"), 303)


@blueprint.post("/account/sign-out")
@security.requires("account")
def sign_out_everywhere() -> Response:
    """End all sessions of the reader, this one too."""
    sign_in.end_everywhere(security.user_id())
    signing_in.forget()
    return redirect(url_for("accounts.login"), 303)


@blueprint.post("/account/sessions/<record:session_id>/end")
@security.requires("account")
def end_session(session_id: int) -> Response:
    """End one of the reader's sessions."""
    sign_in.end_one(security.user_id(), session_id)
    notices.saved(gettext("Session ended."))
    return redirect(url_for("accounts.show"), 303)


@blueprint.post("/account/tokens")
@security.requires("account")
def make_token() -> Response:
    """Make an API token, and show it: this once."""
    form = request.form
    made = tokens.make(
        current_user.account,
        line(form, "name", tokens.LONGEST_NAME) or "",
        form.getlist("scope"),
        whole(form, "days") or 0,
    )
    return headers.shown_once(render_template("views/token.html", token=made))


@blueprint.post("/account/tokens/<record:token_id>/revoke")
@security.requires("account")
def revoke_token(token_id: int) -> Response:
    """Revoke one of the reader's API tokens."""
    tokens.revoke(security.user_id(), token_id)
    notices.saved(gettext("Token revoked."))
    return redirect(url_for("accounts.show"), 303)


def _account(form: FirstPasswordForm, *, failed: bool = False) -> str:
    found, user_id = provider.configured(), security.user_id()
    has_password = accounts.has_password(user_id)
    return render_template(
        "views/account.html",
        form=form,
        failed=failed,
        has_password=has_password,
        can_set=has_password or sign_in.is_fresh(current_user.id),
        provider=found,
        link=identities.link_of(user_id, found.issuer) if found else None,
        sessions=sign_in.sessions(user_id, current_user.id),
        tokens=tokens.tokens_of(security.user_id()),
        permissions=[
            each
            for each in PERMISSIONS
            if each.action in tokens.SCOPES and security.may(each.action)
        ],
    )


def _next() -> str:
    return ways_back.local_path(request.args.get("next")) or url_for("collections.show")
