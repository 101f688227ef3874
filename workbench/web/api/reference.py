"""The REST API to read: its description in OpenAPI, and a page made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, render_template

from workbench.web.api.description import description
from workbench.web.api.operations import SCHEME

blueprint = Blueprint("reference", __name__)


@dataclass(frozen=True)
class Part:
    """A part of a text: plain, or as code, or the name of a model."""

    text: str
    code: bool = False
    model: bool = False


@dataclass(frozen=True)
class Field:
    """A parameter of an operation, or a member of a model."""

    name: str
    kind: tuple[Part, ...]
    """`integer`, `array of Verdict`, …"""
    required: bool
    about: tuple[Part, ...]
    place: str = ""
    """`path`, `query` or `header`."""


@dataclass(frozen=True)
class Operation:
    """An operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    about: tuple[Part, ...]
    scope: str
    parameters: tuple[Field, ...]
    body: str
    """The model of what is sent; empty where nothing is."""
    status: str
    answer: str
    """The model of what is answered, or a media type; empty where nothing is."""


@dataclass(frozen=True)
class Section:
    """The operations under one heading."""

    title: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Model:
    """What is sent or answered, member by member."""

    name: str
    about: tuple[Part, ...]
    fields: tuple[Field, ...]
    sent: bool
    """Whether it is what is sent, of which some may be left out."""


@blueprint.get("/api")
def show() -> str:
    """All operations and models."""
    told = description()
    return render_template(
        "views/api.html",
        about=[_parts(each) for each in told["info"]["description"].split("\n\n")],
        sections=_sections(told),
        models=_models(told["components"]["schemas"]),
    )


@blueprint.get("/api/v1/openapi.json")
def openapi() -> Response:
    """The description, for programs."""
    return Response(current_app.json.dumps(description()), mimetype="application/json")


def _sections(told: Mapping[str, Any]) -> tuple[Section, ...]:
    operations: dict[str, list[Operation]] = {each["name"]: [] for each in told["tags"]}
    for path, methods in sorted(told["paths"].items()):
        for method, each in sorted(methods.items()):
            operations[each["tags"][0]].append(_operation(method, path, each))
    return tuple(Section(title, tuple(those)) for title, those in operations.items())


def _operation(method: str, path: str, told: Mapping[str, Any]) -> Operation:
    status, answered = next(each for each in told["responses"].items() if each[0].startswith("2"))
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        about=_parts(told["description"]),
        scope=told["security"][0][SCHEME][0],
        parameters=tuple(
            _field(each["name"], each["schema"], each["required"], place=each["in"])
            for each in told["parameters"]
        ),
        body=_content(told.get("requestBody", {})),
        status=status,
        answer=_content(answered),
    )


def _content(told: Mapping[str, Any]) -> str:
    """The model that a body is of; its media type where it is a file."""
    for media, content in told.get("content", {}).items():
        return str(content["schema"].get("$ref", media)).rpartition("/schemas/")[2]
    return ""


def _models(schemas: Mapping[str, Any]) -> tuple[Model, ...]:
    return tuple(
        Model(
            name,
            _parts(schema.get("description", "")),
            tuple(
                _field(each, told, each in schema.get("required", ()))
                for each, told in schema.get("properties", {}).items()
            ),
            sent=schema.get("additionalProperties") is False,
        )
        for name, schema in sorted(schemas.items())
        if not name.endswith("Query")
    )


def _field(name: str, schema: Mapping[str, Any], required: bool, place: str = "") -> Field:
    about = _parts(schema.get("description", ""))
    return Field(name, tuple(_kind(schema)), required, about, place)


def _parts(text: str) -> tuple[Part, ...]:
    """A text by its backticks: every other part is code."""
    parts = enumerate(text.split("`"))
    return tuple(Part(each, code=bool(at % 2)) for at, each in parts if each)


def _kind(schema: Mapping[str, Any]) -> Iterator[Part]:
    """The type of a value in words."""
    several: Sequence[Mapping[str, Any]] = schema.get("anyOf") or schema.get("oneOf") or ()
    if "$ref" in schema:
        yield Part(str(schema["$ref"]).rpartition("/")[2], model=True)
    elif "enum" in schema:
        yield Part(" | ".join("null" if each is None else str(each) for each in schema["enum"]))
    elif several:
        for at, each in enumerate(several):
            yield from [Part(" | ")] if at else []
            yield from _kind(each)
    elif schema.get("type") == "array":
        yield Part("array of ")
        yield from _kind(schema.get("items") or (schema.get("prefixItems") or [{}])[0])
    else:
        yield Part(str(schema.get("const") or schema.get("format") or schema.get("type") or "any"))
