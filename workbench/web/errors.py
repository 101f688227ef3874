"""Every refusal and failure as a page that says what happened and offers a way on."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, render_template, request
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

    title: str
    text: str


EXPLANATIONS = {
    400: Explanation("That request was not understood", "Something in it was missing or broken."),
    401: Explanation(
        "You are not signed in",
        "Your sign-in has ended. Sign in again in another tab, then repeat this: "
        "what you typed here is still here.",
    ),
    403: Explanation(
        "This is not yours to do", "Your account may look at this, but not change it."
    ),
    404: Explanation(
        "There is nothing here", "The address may be mistyped, or belong to another model version."
    ),
    405: Explanation("That cannot be done this way", "Use the page's own buttons and links."),
    409: Explanation(
        "Somebody else was faster", "Something changed while you were looking at it. Load it again."
    ),
    413: Explanation("That is too much text", "Shorten it and send it again."),
    422: Explanation("That does not make sense as it stands", "One of the values cannot be used."),
    429: Explanation("Too many tries", "Wait a minute, then try again."),
    500: Explanation(
        "The workbench made a mistake",
        "It has been written to the server's log. Nothing that was shown as saved is lost.",
    ),
    503: Explanation("Not available right now", "What this needs is missing at the moment."),
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
        "This form was opened before your present sign-in, so it was not accepted. "
        "Load the page again and repeat it.",
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
