"""Refusals and failures as programs read them: `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, current_app, request

API: Final = "/api/v1"
"""What the addresses of the REST API begin with."""
MEDIA_TYPE: Final = "application/problem+json"
_KIND: Final = "urn:pattern-workbench:problem:"


def are_wanted() -> bool:
    """Whether this request is one of the REST API."""
    return request.path.startswith(f"{API}/")


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    kind: str | None = None,
    retry_after: int | None = None,
    more: dict[str, Any] | None = None,
) -> Response:
    """The answer to a request that was refused or failed.

    `kind` is a word by which programs tell it from others of the same status; `more` are members
    of its own.
    """
    told = {
        "type": _KIND + kind if kind else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        **(more or {}),
    }
    response = Response(current_app.json.dumps(told), status, mimetype=MEDIA_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Pattern Workbench"'
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
