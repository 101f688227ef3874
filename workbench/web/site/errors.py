"""Every refusal and failure as a page that says what happened and offers a way on."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, render_template, request
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from workbench.services.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    ServiceError,
    UnavailableError,
)

Answer = tuple[str, int]


@dataclass(frozen=True)
class Explanation:
    """What one kind of failure means to the person who met it."""

    title: LazyString
    text: LazyString


EXPLANATIONS = {
    400: Explanation(
        lazy_gettext("That request was not understood"),
        lazy_gettext("Something in it was missing or broken."),
    ),
    401: Explanation(
        lazy_gettext("You are not signed in"),
        lazy_gettext(
            "Your sign-in has ended. Sign in again in another tab, then repeat this: "
            "what you typed here is still here."
        ),
    ),
    403: Explanation(
        lazy_gettext("This is not yours to do"),
        lazy_gettext("Your account may look at this, but not change it."),
    ),
    404: Explanation(
        lazy_gettext("There is nothing here"),
        lazy_gettext("The address may be mistyped, or belong to another model version."),
    ),
    405: Explanation(
        lazy_gettext("That cannot be done this way"),
        lazy_gettext("Use the page's own buttons and links."),
    ),
    409: Explanation(
        lazy_gettext("Somebody else was faster"),
        lazy_gettext("Something changed while you were looking at it. Load it again."),
    ),
    413: Explanation(
        lazy_gettext("That is too much text"), lazy_gettext("Shorten it and send it again.")
    ),
    422: Explanation(
        lazy_gettext("That does not make sense as it stands"),
        lazy_gettext("One of the values cannot be used."),
    ),
    429: Explanation(
        lazy_gettext("Too many tries"), lazy_gettext("Wait a minute, then try again.")
    ),
    500: Explanation(
        lazy_gettext("The workbench made a mistake"),
        lazy_gettext(
            "It has been written to the server's log. Nothing that was shown as saved is lost."
        ),
    ),
    503: Explanation(
        lazy_gettext("Not available right now"),
        lazy_gettext("What this needs is missing at the moment."),
    ),
}

STATUS = {NotFoundError: 404, InvalidError: 422, ConflictError: 409, UnavailableError: 503}


def register(app: Flask) -> None:
    """Answer refusals of services, HTTP errors and crashes with designed pages."""
    app.register_error_handler(ServiceError, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _failed)


def _refused(error: ServiceError) -> Answer:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 422)
    return answer(status, str(error))


def _forged(_error: CSRFError) -> Answer:
    return answer(
        400,
        gettext(
            "This form was opened before your present sign-in, so it was not accepted. "
            "Load the page again and repeat it."
        ),
    )


def _failed(error: HTTPException) -> Answer | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    return answer(status, None)


def answer(status: int, message: str | None) -> Answer:
    """The page for a status; a fragment's request gets the words alone."""
    known = EXPLANATIONS.get(status) or EXPLANATIONS[500 if status >= 500 else 400]
    words = message or known.text
    template = "partials/refusal.html" if request.headers.get("HX-Request") else "views/error.html"
    return render_template(template, status=status, title=known.title, message=words), status
