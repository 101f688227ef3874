"""The REST API to read: its description in OpenAPI, and a page made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, render_template

from workbench.web.api.description import description
from workbench.web.api.operations import SCHEME

blueprint = Blueprint("reference", __name__)


@dataclass(frozen=True)
class Field:
    """A parameter of an operation, or a member of a model."""

    name: str
    kind: str
    """`integer`, `array of Verdict`, …"""
    models: tuple[str, ...]
    """The models that it is made of."""
    required: bool
    about: str
    place: str = ""
    """`path`, `query` or `header`."""


@dataclass(frozen=True)
class Operation:
    """An operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    about: str
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
    about: str
    fields: tuple[Field, ...]


@blueprint.get("/api")
def show() -> str:
    """All operations and models."""
    told = description()
    return render_template(
        "views/api.html",
        about=told["info"]["description"].split("\n\n"),
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
        about=told["description"],
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
            schema.get("description", ""),
            tuple(
                _field(each, told, each in schema.get("required", ()))
                for each, told in schema.get("properties", {}).items()
            ),
        )
        for name, schema in sorted(schemas.items())
        if not name.endswith("Query")
    )


def _field(name: str, schema: Mapping[str, Any], required: bool, place: str = "") -> Field:
    models: list[str] = []
    kind = _kind(schema, models)
    return Field(name, kind, tuple(models), required, schema.get("description", ""), place)


def _kind(schema: Mapping[str, Any], models: list[str]) -> str:
    """The type of a value in words; the models that it is made of are added."""
    if "$ref" in schema:
        models.append(str(schema["$ref"]).rpartition("/")[2])
        return models[-1]
    if "enum" in schema:
        return " | ".join("null" if each is None else str(each) for each in schema["enum"])
    several: Sequence[Mapping[str, Any]] = schema.get("anyOf") or schema.get("oneOf") or ()
    if several:
        return " | ".join(_kind(each, models) for each in several)
    if schema.get("type") == "array":
        items = schema.get("items") or (schema.get("prefixItems") or [{}])[0]
        return f"array of {_kind(items, models)}"
    if "const" in schema:
        return str(schema["const"])
    return str(schema.get("format") or schema.get("type") or "any")
