"""A program with a token, as it asks the REST API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from workbench.services.accounts import Account
from workbench.services.people import tokens
from workbench.services.people.tokens import SCOPES
from workbench.services.roles import may
from workbench.web.site.limits import limiter
from workbench.web.site.problems import API


class Program:
    """A program that acts for somebody; paths are those after the prefix."""

    def __init__(self, app: Flask, token: str) -> None:
        limiter.reset()
        self.client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, status: int = 200) -> Any:
        """What is answered; the test fails where it is another status."""
        return self._told(self.ask("GET", path), status)

    def post(self, path: str, body: dict[str, Any] | None = None, status: int = 201) -> Any:
        return self._told(self.ask("POST", path, body), status)

    def patch(self, path: str, body: dict[str, Any], status: int = 200) -> Any:
        return self._told(self.ask("PATCH", path, body), status)

    def put(self, path: str, body: dict[str, Any], status: int = 200) -> Any:
        return self._told(self.ask("PUT", path, body), status)

    def delete(self, path: str, status: int = 200) -> Any:
        return self._told(self.ask("DELETE", path), status)

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str
    ) -> TestResponse:
        """The answer as it came; `headers` with underlines for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.open(
            API + path, method=method, json=body, headers=self.headers | named, buffered=True
        )
        g.pop("_login_user", None)
        return answer

    @staticmethod
    def _told(answer: TestResponse, status: int) -> Any:
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json() if answer.data else None


def program_of(app: Flask, account: Account, *scopes: str) -> Program:
    """A program of somebody's, with these scopes, or all that their role allows."""
    wanted = scopes or tuple(each for each in SCOPES if may(account.role, each))
    return Program(app, tokens.make(account, "script", wanted, 9))


@pytest.fixture
def program(tables: Flask, ada: Account) -> Program:
    """A developer's, with all scopes that there are."""
    return program_of(tables, ada)
