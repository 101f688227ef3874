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
        lazy_gettext("Bad request"),
        lazy_gettext("A value is missing or malformed."),
    ),
    401: Explanation(
        lazy_gettext("Not signed in"),
        lazy_gettext(
            "Your session has ended. Sign in again in another tab, then try again: "
            "your input is kept here."
        ),
    ),
    403: Explanation(
        lazy_gettext("You don't have permission to do this"),
        lazy_gettext("Your role can view this but not change it."),
    ),
    404: Explanation(
        lazy_gettext("Not found"),
        lazy_gettext("The address may be mistyped or belong to another model version."),
    ),
    405: Explanation(
        lazy_gettext("Method not allowed"),
        lazy_gettext("Use the buttons and links of the page."),
    ),
    409: Explanation(
        lazy_gettext("Conflict"),
        lazy_gettext("This was changed in the meantime. Reload the page and try again."),
    ),
    413: Explanation(
        lazy_gettext("Request too large"), lazy_gettext("Shorten the text and send it again.")
    ),
    422: Explanation(
        lazy_gettext("Invalid value"),
        lazy_gettext("Check the values and try again."),
    ),
    429: Explanation(
        lazy_gettext("Too many requests"), lazy_gettext("Wait a minute, then try again.")
    ),
    500: Explanation(
        lazy_gettext("Internal error"),
        lazy_gettext("The error was logged. Everything that was reported as saved is kept."),
    ),
    503: Explanation(
        lazy_gettext("Temporarily unavailable"),
        lazy_gettext("A required part is missing. Try again later."),
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
            "This form is from an earlier session and was not accepted. "
            "Reload the page and try again."
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
