"""What one-time links lead to: a new account, a new password."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from workbench.services import accounts
from workbench.services.errors import ConflictError, InvalidError
from workbench.services.people import invitations, provider, resets
from workbench.web.site import headers, notices, signing_in
from workbench.web.site.limits import limiter

blueprint = Blueprint("joining", __name__)

Answer = Response | tuple[Response, int]
TRIES = "30 per minute"
"""Of one address: a link's token cannot be guessed, but a password's hash takes time."""


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """A link's token, and a password twice."""

    token = HiddenField()
    new = PasswordField(
        lazy_gettext("Password"),
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
        lazy_gettext("Password again"), [EqualTo("new", lazy_gettext("The passwords differ."))]
    )


class JoinForm(NewPasswordForm):
    """The same with a name."""

    name = StringField(
        lazy_gettext("User name"),
        [InputRequired(lazy_gettext("Enter a user name.")), Length(max=accounts.LONGEST_NAME)],
    )


@blueprint.get("/join")
@limiter.limit(TRIES)
def join() -> Response:
    """Choose a name and a password for the account that an invitation offers."""
    token = request.args.get("token", "")
    return _join(JoinForm(token=token), invitations.role_offered(token))


@blueprint.post("/join")
@limiter.limit(TRIES)
def join_submit() -> Answer:
    """Make the account, and sign in."""
    form = JoinForm()
    token = form.token.data or ""
    role = invitations.role_offered(token)
    if not form.validate_on_submit():
        return _join(form, role), 422
    try:
        account = invitations.accept(token, form.name.data, form.new.data)
    except (ConflictError, InvalidError) as error:
        form.name.errors = [str(error)]
        return _join(form, role), 422
    signing_in.remember(account)
    notices.saved(gettext("Welcome, %(name)s.", name=account.name))
    return redirect(url_for("collections.show"), 303)


@blueprint.get("/new-password")
@limiter.limit(TRIES)
def choose_password() -> Response:
    """Choose a new password by a link."""
    token = request.args.get("token", "")
    return _choose(NewPasswordForm(token=token), resets.whose(token))


@blueprint.post("/new-password")
@limiter.limit(TRIES)
def choose_password_submit() -> Answer:
    """Set the password, and sign in; all other sessions end."""
    form = NewPasswordForm()
    token = form.token.data or ""
    name = resets.whose(token)
    if not form.validate_on_submit():
        return _choose(form, name), 422
    account = resets.use(token, form.new.data)
    signing_in.remember(account)
    notices.saved(gettext("Password changed. You are signed out everywhere else."))
    return redirect(url_for("collections.show"), 303)


def _join(form: JoinForm, role: str) -> Response:
    return headers.shown_once(
        render_template("views/join.html", form=form, role=role, provider=provider.configured())
    )


def _choose(form: NewPasswordForm, name: str) -> Response:
    return headers.shown_once(render_template("views/new_password.html", form=form, name=name))
