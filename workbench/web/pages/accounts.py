"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from flask_login import current_user, logout_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from workbench.services import accounts
from workbench.web.site import security
from workbench.web.site.password_tries import tried

blueprint = Blueprint("accounts", __name__)

Answer = Response | str | tuple[str, int]


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Name and password."""

    name = StringField(
        lazy_gettext("User name"),
        [InputRequired(lazy_gettext("Enter your user name.")), Length(max=80)],
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Enter your password.")), Length(max=1024)],
    )


@blueprint.get("/login")
def login() -> Answer:
    """The sign-in form."""
    if current_user.is_authenticated:
        return redirect(_next(), 303)
    return render_template("views/login.html", form=SignInForm(), failed=False)


@blueprint.post("/login")
def login_submit() -> Answer:
    """Sign in, and go on to the page that was asked for."""
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("views/login.html", form=form, failed=False), 422
    name, password = form.name.data.strip(), form.password.data
    account = tried(name, lambda: accounts.authenticate(name, password))
    if account is None:
        return render_template("views/login.html", form=form, failed=True), 401
    target = _next()
    security.remember(account)
    return redirect(target, 303)


@blueprint.post("/logout")
def logout() -> Response:
    """Sign out."""
    logout_user()
    return redirect(url_for("collections.show"), 303)


def _next() -> str:
    return security.local_path(request.args.get("next")) or url_for("collections.show")
