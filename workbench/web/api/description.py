"""The description of the REST API in OpenAPI 3.1, made from the operations."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, current_app

from workbench.services.repeats import LONGEST_KEY
from workbench.web.api.operations import SCHEME, spec
from workbench.web.api.repeating import HEADER
from workbench.web.site import problems, security
from workbench.web.site.security import SAFE_METHODS

ABOUT: Final = """\
Everything that pages show and do, for programs. A request carries an API token as
`Authorization: Bearer pwb_…`; it may do what the token's scopes and the role of its owner allow,
and is recorded as an act of theirs.

Lists come in pages: `limit` says how many, and `next` of the answer is the `cursor` of the next
page. What is refused is answered as `application/problem+json` (RFC 9457). A request that writes
may carry an `Idempotency-Key`: sent again within 24 hours, it is answered as before and not
repeated. Each token has 600 requests a minute; `RateLimit` says how many are left.
"""
_KEY: Final = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "description": "Names the request, so that it is carried out once however often it is sent.",
}
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}


def description() -> dict[str, Any]:
    """All of it. As large as it is, it is made once."""
    made: dict[str, Any] | None = current_app.extensions.get("workbench.api")
    if made is None:
        made = current_app.extensions["workbench.api"] = _made()
    return made


def _made() -> dict[str, Any]:
    told: dict[str, Any] = dict(spec.spec)
    told["info"] = {**told["info"], "description": ABOUT}
    told["tags"] = sorted(told["tags"], key=lambda each: str(each["name"]))
    actions = _actions()
    for methods in told["paths"].values():
        for method, operation in methods.items():
            _complete(operation, method, *actions[operation["operationId"]])
    return told


def _complete(operation: dict[str, Any], method: str, action: str, media: str | None) -> None:
    """Add what the library does not know of: scope, problems' and files' media types, the key."""
    operation["security"] = [{SCHEME: [action]}]
    for status, response in operation["responses"].items():
        if _is_problem(response):
            response["content"] = {problems.MEDIA_TYPE: {"schema": _PROBLEM}}
        elif media is not None and status.startswith("2"):
            response["content"] = {media: {"schema": {"type": "string", "format": "binary"}}}
    if method.upper() not in SAFE_METHODS:
        operation["parameters"].append(_KEY)


def _is_problem(response: dict[str, Any]) -> bool:
    return any(each["schema"] == _PROBLEM for each in response.get("content", {}).values())


def _actions() -> dict[str, tuple[str, str | None]]:
    """By operation: what it asks for, and the media type of the file that it answers."""
    found = {}
    app: Flask = current_app
    for route in app.url_map.iter_rules():
        view = app.view_functions[route.endpoint]
        if spec.get_function_metadata(view) is not None:
            action = security.rule_of(app, route) or ""
            found[view.__name__] = (action, getattr(view, "media", None))
    return found
