"""What a page does, a program can do: the two lists are compared."""

from __future__ import annotations

from flask import Flask

from tests.integration.api.actions import ASKED_OTHERWISE, CALLS, PAGES_ONLY
from workbench.services.people.tokens import SCOPES
from workbench.web.api.operations import spec
from workbench.web.site.security import SAFE_METHODS, rule_of


def test_every_action_of_a_page_has_its_operation_or_a_reason(app: Flask) -> None:
    writes = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith("api.") and not SAFE_METHODS.issuperset(rule.methods or ())
    }

    assert writes == CALLS.keys() | PAGES_ONLY.keys()
    assert not CALLS.keys() & PAGES_ONLY.keys()


def test_the_operation_of_an_action_asks_for_the_same(app: Flask) -> None:
    pages = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    operations = {
        app.view_functions[rule.endpoint].__name__: rule
        for rule in app.url_map.iter_rules()
        if spec.get_function_metadata(app.view_functions[rule.endpoint]) is not None
    }

    asked = {
        endpoint: (rule_of(app, pages[endpoint]), rule_of(app, operations[called]))
        for endpoint, called in CALLS.items()
        if endpoint not in ASKED_OTHERWISE
    }
    assert {each: both for each, both in asked.items() if both[0] != both[1]} == {}


def test_what_has_no_operation_for_its_scope_is_out_of_reach_of_tokens(app: Flask) -> None:
    pages = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    of_people = {each for each, why in PAGES_ONLY.items() if "no token has a scope" in why}

    assert {rule_of(app, pages[each]) for each in of_people} - {"open"} <= {"account", "people"}
    assert not {"account", "people", "webhooks"} & set(SCOPES)
