"""The sign-in page, for who comes to it and for who is sent back to it."""

from __future__ import annotations

from flask import render_template
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from workbench.services.people import provider


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


def sign_in_page(form: SignInForm, then: str | None, *, refused: str = "") -> str:
    """The form, and the way by the provider where there is one.

    `then` is the local address to go on to; `refused` is what went wrong before.
    """
    return render_template(
        "views/login.html",
        form=form,
        then=then,
        refused=refused,
        provider=provider.configured(),
    )
