"""Every route of the URL map has a rule, and each role is answered as the table of roles says."""

from __future__ import annotations

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from workbench.services import accounts, sign_in
from workbench.services.people import tokens
from workbench.services.roles import PERMISSIONS, may
from workbench.store.people import ROLES
from workbench.web.site.limits import limiter
from workbench.web.site.security import OPEN, SAFE_METHODS, rule_of

NOTHING = 999_999
"""An id that nothing has."""
KNOWN = {
    "form": "csv",
    "kind": "merge",
    "size": 48,
    "picture": "overview",
    "filename": "nothing.css",
    "ticket": "nothing",
    "name": "nowhere",
}
BY_LINK = {"joining.join", "joining.choose_password"}
"""What is found by the token of a link alone."""
BY_PROVIDER = "provider."
"""What is found where an identity provider is set alone."""
ENDS_SESSIONS = {"accounts.logout", "accounts.sign_out_everywhere"}


ANSWERS = {200, 201, 202, 204, 400, 404, 409, 415, 422}
"""To a program that may do what it asks for."""


def is_for_programs(rule: Rule) -> bool:
    """Whether a route is an operation of the REST API."""
    return rule.endpoint.startswith("api.")


def address(app: Flask, rule: Rule) -> str:
    """An address of a route whose ids nothing has."""
    values = {each: KNOWN.get(each, NOTHING) for each in rule.arguments}
    if rule.endpoint == "exports.picture":
        values["kind"] = "svg"
    with app.test_request_context():
        return str(app.url_for(rule.endpoint, **values))


def walked(app: Flask) -> list[tuple[Rule, str, str]]:
    """Each route with its rule and each method that it answers."""
    found = []
    for rule in app.url_map.iter_rules():
        asked = rule_of(app, rule)
        assert asked is not None, f"{rule.rule} has no rule: @security.requires or @security.reads"
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        found.extend((rule, asked, method) for method in methods)
    return found


def test_every_route_has_a_rule_of_the_table(app: Flask) -> None:
    known = {each.action for each in PERMISSIONS} | {OPEN}

    assert {asked for _rule, asked, _method in walked(app)} <= known


def test_a_route_that_writes_without_a_rule_is_found_and_refused(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    app.add_url_rule("/forgotten", "forgotten", lambda: "written", methods=["POST"])

    with pytest.raises(AssertionError, match="/forgotten has no rule"):
        walked(app)
    assert app.test_client().post("/forgotten").status_code == 403


class Visitor:
    """Somebody signed in over the real services, or nobody."""

    def __init__(self, app: Flask, role: str | None) -> None:
        self.app, self.role = app, role
        self.client: FlaskClient = app.test_client()
        self.by_token: dict[str, str] = {}
        self.sign_in()

    def sign_in(self) -> None:
        if self.role is None:
            return
        name = f"the {self.role}"
        if not accounts.exists(name):
            account = accounts.add_user(name, "correct horse battery", self.role)
            scopes = [each for each in tokens.SCOPES if may(self.role, each)]
            token = tokens.make(account, "script", scopes, 9)
            self.by_token = {"Authorization": f"Bearer {token}"}
        token = sign_in.start(accounts.id_of(name))
        with self.client.session_transaction() as kept:
            kept["_user_id"], kept["_fresh"] = token, True

    def status(self, rule: Rule, method: str) -> int:
        limiter.reset()
        headers = self.by_token if is_for_programs(rule) else {}
        answer = self.client.open(address(self.app, rule), method=method, headers=headers)
        g.pop("_login_user", None)  # the test's own context outlives its requests
        if rule.endpoint in ENDS_SESSIONS:
            self.sign_in()
        return answer.status_code


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_refused_what_the_table_does_not_give_it(tables: Flask, role: str) -> None:
    tables.config["WTF_CSRF_ENABLED"] = False
    visitor = Visitor(tables, role)
    wrong = []
    for rule, asked, method in walked(tables):
        status = visitor.status(rule, method)
        allowed = asked == OPEN or may(role, asked)
        by_link = rule.endpoint in BY_LINK or rule.endpoint.startswith(BY_PROVIDER)
        has_object = bool(rule.arguments - {"form"})
        fine = (
            status == 403
            if not allowed
            else status in (ANSWERS if is_for_programs(rule) else {303, 400, 404, 422})
            if has_object or method not in SAFE_METHODS or by_link
            else status in {200, 303, 422}
        )
        if not fine:
            wrong.append((role, method, rule.rule, asked, status))
    assert wrong == []


def test_nobody_who_has_not_signed_in_gets_past_what_is_open(tables: Flask) -> None:
    tables.config["WTF_CSRF_ENABLED"] = False
    visitor = Visitor(tables, None)
    wrong = [
        (method, rule.rule, asked, status)
        for rule, asked, method in walked(tables)
        if asked != OPEN
        for status in (visitor.status(rule, method),)
        if status not in {303, 401}
    ]
    assert wrong == []


def test_a_session_is_nothing_to_the_rest_api(tables: Flask) -> None:
    tables.config["WTF_CSRF_ENABLED"] = False
    visitor = Visitor(tables, "admin")
    visitor.by_token = {}
    asked = [each for each in walked(tables) if is_for_programs(each[0])]

    assert asked
    assert {visitor.status(rule, method) for rule, _asked, method in asked} == {401}
