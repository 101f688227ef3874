"""The description says what there is, and what there is does what the description says."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask, g
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.api.conftest import Program
from workbench.services.workspaces import Workspace
from workbench.web.site.limits import limiter

pytestmark = pytest.mark.analysed
EXAMPLES = 12
"""Of each operation, of what it takes and of what it does not."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def operations(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        each["operationId"]: each for methods in told["paths"].values() for each in methods.values()
    }


def test_the_description_is_read_without_a_token_where_pages_are(
    tables: Flask, program: Program
) -> None:
    told = program.get("/openapi.json")

    assert told["openapi"].startswith("3.1")
    found = operations(told)
    assert len(found) == sum(len(methods) for methods in told["paths"].values()), "ids are unique"
    assert all(each["summary"] and each["security"] for each in found.values())
    references = {
        word.split('"')[0]
        for word in str(told).replace("'", '"').split("#/components/schemas/")[1:]
    }
    assert references <= set(told["components"]["schemas"])


def test_numbers_that_are_sent_are_bounded(tables: Flask, program: Program) -> None:
    told = program.get("/openapi.json")
    sent = [
        each["schema"]
        for one in operations(told).values()
        for each in one["parameters"]
        if each["in"] != "header"
    ]
    for each in operations(told).values():
        for content in each.get("requestBody", {}).get("content", {}).values():
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            sent += told["components"]["schemas"].get(name, {}).get("properties", {}).values()

    whole = [kind for each in sent for kind in each.get("anyOf", [each])]
    unbounded = [each for each in whole if each.get("type") == "integer" and "maximum" not in each]
    assert unbounded == []


def test_whatever_is_sent_nothing_fails_and_every_answer_is_as_described(
    analysed: Workspace, program: Program, tables: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter.limiter, "hit", lambda *_arguments, **_named: True)
    schema = schemathesis.openapi.from_dict(program.get("/openapi.json"))
    schema.app = tables
    headers = program.headers | {"Accept-Encoding": "identity"}

    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:
            cases = operation.as_strategy(generation_mode=mode)

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=cases)
            def holds(case: Case) -> None:
                case.call_and_validate(headers=headers, checks=CHECKS)
                g.pop("_login_user", None)

            holds()
