"""Every refusal and failure as a page that says what happened and offers a way on."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Response, make_response, render_template, request
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, TooManyRequests

from workbench.services import visibility
from workbench.services.errors import (
    BusyError,
    ConflictError,
    EditConflictError,
    ForbiddenError,
    InvalidError,
    NotAnalysedError,
    NotFoundError,
    ServiceError,
    UnavailableError,
)
from workbench.store.failures import (
    DatabaseAwayError,
    DatabaseBusyError,
    DatabaseFullError,
    DatabaseMissingError,
    DatabaseReadOnlyError,
    StorageError,
)
from workbench.web.site import limits, problems, slots, ways_back
from workbench.web.site.formatting import duration

Answer = Response
log = structlog.get_logger()


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
    415: Explanation(
        lazy_gettext("Unsupported media type"),
        lazy_gettext("Use the forms of the page."),
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
    507: Explanation(
        lazy_gettext("Disk full"),
        lazy_gettext("The server's disk is full. Ask its administrator to free some space."),
    ),
}

FOR_PROGRAMS = {
    401: lazy_gettext("Send an API token as “Authorization: Bearer …”."),
    403: lazy_gettext("The token’s scopes or its owner’s role do not allow this."),
    404: lazy_gettext("There is no such thing, or the token’s owner does not see it."),
    405: lazy_gettext("The operation does not exist at this address."),
    415: lazy_gettext("Send the body as application/json."),
}
"""What is said to a program in place of what is said to a reader of pages."""

STATUS = {
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    InvalidError: 422,
    UnavailableError: 503,
}


RENEWED = ("csrf_token", "revision")
"""Fields of a form that is sent again over somebody's change which are not as they were."""
RETRY_SECONDS = 5
"""When to ask a database again that is away or busy."""

STORAGE = {
    DatabaseAwayError: lazy_gettext("The database cannot be reached. Try again in a moment."),
    DatabaseBusyError: lazy_gettext("The database is busy. Try again in a moment."),
    DatabaseFullError: EXPLANATIONS[507].text,
    DatabaseReadOnlyError: lazy_gettext("The database is read-only at present."),
    DatabaseMissingError: lazy_gettext(
        "The database file was moved or removed. Ask the server's administrator to put it back."
    ),
    StorageError: lazy_gettext(
        "The database cannot be read. Ask the server's administrator to check its disk."
    ),
}
"""What a database that fails means to people; a kind that is not here is a StorageError."""


def register(app: Flask) -> None:
    """Answer refusals of services, HTTP errors and crashes with designed pages."""
    app.register_error_handler(StorageError, _not_stored)
    app.register_error_handler(OSError, _not_written)
    app.register_error_handler(ServiceError, _refused)
    app.register_error_handler(EditConflictError, _conflicting)
    app.register_error_handler(BusyError, _busy)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(TooManyRequests, _too_often)
    app.register_error_handler(HTTPException, _failed)


def words_of(error: ServiceError) -> str:
    """What a refusal tells a reader; what it tells who runs the workbench goes to the log."""
    if isinstance(error, UnavailableError) and error.detail:
        log.warning("unavailable", refusal=str(error), detail=error.detail)
    return str(error)


def _conflicting(error: EditConflictError) -> Answer:
    """Both versions of what was saved from an older page, to keep theirs or save one's own over it.

    A fragment's request gets the words alone.
    """
    if problems.are_wanted():
        return problem(409, str(error), kind="edit-conflict", more=_both(error))
    if request.headers.get("HX-Request"):
        return answer(409, str(error))
    own = [(name, value) for name, value in request.form.items(multi=True) if name not in RENEWED]
    back = ways_back.way_back("collections.show")
    page = render_template("views/conflict.html", conflict=error, own=own, back=back)
    return make_response(page, 409)


def _both(error: EditConflictError) -> dict[str, Any]:
    """What stands, and what was sent in its place."""
    fields = [
        {"name": each.name, "theirs": each.theirs, "yours": each.yours} for each in error.fields
    ]
    return {"by": error.by, "at": error.at, "revision": error.revision, "fields": fields}


def _refused(error: ServiceError) -> Answer:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 422)
    return answer(status, None if _would_tell(error) else words_of(error))


def _would_tell(error: ServiceError) -> bool:
    """Whether the words could tell somebody that a collection which they do not see is there."""
    return (
        isinstance(error, NotFoundError)
        and not isinstance(error, NotAnalysedError)
        and visibility.hides_any()
    )


def _busy(error: BusyError) -> Response:
    slots.hold_back()
    return _later(503, str(error), slots.RETRY_SECONDS)


def _not_stored(error: StorageError) -> Response:
    log.error("database", kind=type(error).__name__, cause=str(error.orig), path=request.path)
    kind = next(each for each in type(error).__mro__ if each in STORAGE)
    status = 507 if kind is DatabaseFullError else 503
    words = _with_loss(STORAGE[kind])
    if kind in (DatabaseAwayError, DatabaseBusyError):
        return _later(status, words, RETRY_SECONDS)
    return answer(status, words)


def _later(status: int, words: str, seconds: int) -> Response:
    response = answer(status, words, retry_after=seconds)
    response.headers["Retry-After"] = str(seconds)
    return response


def _not_written(error: OSError) -> Answer:
    """A file that found no room. Any other error of the system is a crash."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    log.error("disk full", cause=error.strerror, path=request.path)
    return answer(507, _with_loss(EXPLANATIONS[507].text))


def _with_loss(words: LazyString) -> str:
    """The words; to somebody who was saving, what became of that."""
    if request.method == "GET":
        return str(words)
    return gettext("Nothing was saved. %(why)s", why=words)


def _forged(_error: CSRFError) -> Answer:
    return answer(
        400,
        gettext(
            "This form is from an earlier session and was not accepted. "
            "Reload the page and try again."
        ),
    )


def _too_often(error: TooManyRequests) -> Response:
    """How long to wait, on the page and as Retry-After."""
    slots.hold_back()
    seconds = error.retry_after if isinstance(error.retry_after, int) else limits.limit_ends_in()
    response = answer(429, gettext("Try again in %(time)s.", time=duration(seconds)))
    response.headers["Retry-After"] = str(seconds)
    return response


def _failed(error: HTTPException) -> Answer | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    return answer(status, None)


def answer(status: int, message: str | None, *, retry_after: int | None = None) -> Answer:
    """The page for a status; a fragment's request gets the words alone, a program a problem.

    Where it makes sense after so many seconds, the page's script asks again by itself.
    """
    if problems.are_wanted():
        return problem(status, message, retry_after=retry_after)
    known = _known(status)
    words = message or known.text
    template = "partials/refusal.html" if request.headers.get("HX-Request") else "views/error.html"
    page = render_template(
        template, status=status, title=known.title, message=words, retry_after=retry_after
    )
    return make_response(page, status)


def problem(
    status: int,
    message: str | None,
    *,
    kind: str | None = None,
    retry_after: int | None = None,
    more: dict[str, Any] | None = None,
) -> Response:
    """The same for a program; a status's own words where there is no message."""
    known = _known(status)
    words = str(message or FOR_PROGRAMS.get(status) or known.text)
    return problems.problem(
        status, str(known.title), words, kind=kind, retry_after=retry_after, more=more
    )


def _known(status: int) -> Explanation:
    return EXPLANATIONS.get(status) or EXPLANATIONS[500 if status >= 500 else 400]
