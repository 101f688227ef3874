"""A client whose requests go to the application without a server."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from flask import Flask, g

from workbench.client import Workbench
from workbench.services.accounts import Account
from workbench.services.people import tokens
from workbench.services.people.tokens import SCOPES
from workbench.services.roles import may
from workbench.web.site.limits import limiter


class Counting(httpx2.BaseTransport):
    """Passes requests on, and keeps them; `before` may answer in place of the application."""

    def __init__(self, app: Flask) -> None:
        self.inner = httpx2.WSGITransport(app=app)
        self.requests: list[httpx2.Request] = []
        self.before: list[httpx2.Response | Exception] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.before:
            first = self.before.pop(0)
            if isinstance(first, Exception):
                raise first
            return first
        answer = self.inner.handle_request(request)
        g.pop("_login_user", None)
        return answer


@pytest.fixture
def transport(tables: Flask) -> Counting:
    limiter.reset()
    return Counting(tables)


@pytest.fixture
def remote(ada: Account, transport: Counting) -> Iterator[Workbench]:
    """A workbench as a program of a developer's sees it."""
    scopes = [each for each in SCOPES if may(ada.role, each)]
    token = tokens.make(ada, "notebook", scopes, 9)
    with Workbench("http://localhost", token, transport=transport) as made:
        yield made
