"""What makes a view an operation of the REST API, and describes it in OpenAPI.

A view is a plain function: `query` and `json` of its arguments are models of what is sent, it
returns a model of what is answered, or None. Its docstring is the description.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, get_type_hints

from flask import Response, current_app, make_response
from pydantic import BaseModel, ValidationError
from spectree import Response as Answers
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData
from spectree.plugins.flask_plugin import FlaskPlugin

from workbench.services import roles
from workbench.services.collections import LONGEST_NAME
from workbench.store.database import LARGEST_ID
from workbench.web.api import repeating
from workbench.web.api.models import Problem
from workbench.web.site import security

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer", bound=BaseModel | Response | None)

REFUSALS: Final = (400, 401, 403, 404, 405, 422, 429, 503)
"""What every operation may answer in place of what it is for."""
WRITING_REFUSALS: Final = (409, 413, 415)
SCHEME: Final = "bearer"
"""The security scheme."""
_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "record": {"type": "integer", "minimum": 0, "maximum": LARGEST_ID},
    "collection": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
}
"""Schemas of what stands in a path, by the converter that reads it."""


class InvalidRequestError(Exception):
    """What was sent is not what the description says; `errors` say where."""

    def __init__(self, errors: Sequence[dict[str, str]]) -> None:
        super().__init__("invalid request")
        self.errors = list(errors)


class _Plugin(FlaskPlugin):
    """Knows the converters of our paths."""

    def parse_path(self, route: Any, described: Any) -> tuple[str, list[dict[str, Any]]]:
        path, parameters = super().parse_path(route, described)
        converters = route._converters  # noqa: SLF001 - werkzeug tells it nowhere else
        for each in parameters:
            if each["schema"] is None:
                kind = type(converters[each["name"]]).__name__
                each["schema"] = _PARAMETERS[_CONVERTERS[kind]]
        return path, parameters

    def validate_response(self, resp: Any, *_arguments: Any) -> tuple[Response, None]:
        """Take it as it is: what is answered was made by a model."""
        return make_response(resp), None


_CONVERTERS: Final = {"RecordConverter": "record", "NameConverter": "collection"}


def _refuse(
    _request: Any, _response: Any, error: Exception | None, _instance: Any, _adapter: Any
) -> None:
    """Refuse what the models do not take, by the place of each value."""
    if not isinstance(error, ValidationError):
        return
    found = error.errors(include_url=False, include_context=False, include_input=False)
    place = "query" if error.title.endswith("Query") else "body"
    raise InvalidRequestError(
        [
            {"in": place, "pointer": "/" + "/".join(map(str, each["loc"])), "detail": each["msg"]}
            for each in found
        ]
    )


spec = SpecTree(
    "flask",
    backend=_Plugin,
    mode="strict",
    title="Pattern Workbench",
    version="1",
    openapi_version="3.1.0",
    before=_refuse,
    after=lambda *_arguments: None,
    validation_error_model=Problem,
    naming_strategy=lambda model: str(model.__name__),
    nested_naming_strategy=lambda _parent, child: child,
    security_schemes=[
        SecurityScheme(
            name=SCHEME,
            data=SecuritySchemeData(
                type=SecureType.HTTP,
                scheme="bearer",
                description="A token from the account page, or from `manage.py tokens`.",
            ),
        )
    ],
    security={SCHEME: []},
    annotations=True,
)


def operation(
    tag: str,
    *,
    answer: type[BaseModel] | None = None,
    action: str = roles.READ,
    status: int | None = None,
    media: str | None = None,
    secret: bool = False,
) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Response]]:
    """Make a view an operation that asks for `action` (`services/roles.py`).

    Args:
        tag: The heading that it stands under.
        answer: What it answers; None for nothing, or for a file.
        action: What the token's scopes and its owner's role have to allow.
        status: Of the answer; by default 200, or 204 where there is none.
        media: The media type of a file that it answers.
        secret: Whether its answer tells a secret, which is kept nowhere.
    """
    code = status or (200 if answer is not None or media is not None else 204)
    writes = action != roles.READ

    def decorate(view: Callable[Arguments, Answer]) -> Callable[Arguments, Response]:
        @wraps(view)
        def answered(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
            def call() -> Response:
                return _response(view(*args, **kwargs), code)

            return repeating.answer_once(call, secret=secret) if writes else call()

        # Not as the strings that they are written as: they mean nothing in other modules.
        answered.__annotations__ = get_type_hints(view)
        guarded = security.requires(action)(answered)
        described: Callable[Arguments, Response] = spec.validate(
            resp=_answers(code, answer, writes=writes),
            tags=[tag],
            operation_id=view.__name__,
        )(guarded)
        setattr(described, "media", media)  # noqa: B010 - a function's own attribute
        return described

    return decorate


def _response(result: BaseModel | Response | None, code: int) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return make_response("", code)
    text = result.model_dump_json()
    return current_app.response_class(text, code, mimetype="application/json")


def _answers(code: int, answer: type[BaseModel] | None, *, writes: bool) -> Answers:
    refusals = (*REFUSALS, *WRITING_REFUSALS) if writes else REFUSALS
    told: dict[str, Any] = {f"HTTP_{each}": Problem for each in sorted(refusals)}
    return Answers(**{f"HTTP_{code}": answer}, **told)
