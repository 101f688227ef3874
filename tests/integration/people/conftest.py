"""People of an installation, and browsers that they sit at."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask, g
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.support.rows import fill_every_table
from workbench.config import Settings
from workbench.services import accounts, sign_in
from workbench.services.accounts import Account
from workbench.store.database import transaction
from workbench.store.images import Collection
from workbench.store.people import AuditEvent, CollectionMember
from workbench.web.site.limits import limiter

PASSWORD = "correct horse battery"


class Browser:
    """Somebody's browser, over the real services."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def sign_in(self, account: Account) -> Browser:
        """Have a session, as after signing in."""
        token = sign_in.start(account.id)
        with self.client.session_transaction() as kept:
            kept["_user_id"], kept["_fresh"] = token, True
        return self

    def get(self, url: str) -> TestResponse:
        return self._forgetting(self.client.get(url))

    def post(self, url: str, **fields: object) -> TestResponse:
        return self._forgetting(self.client.post(url, data=fields))

    def _forgetting(self, answer: TestResponse) -> TestResponse:
        limiter.reset()
        g.pop("_login_user", None)  # the test's own context outlives its requests
        return answer


def link_on(page: str) -> str:
    """The path of the one-time link that a page shows."""
    found = re.search(r'value="(http[^"]+)"', page)
    assert found, page
    parts = urlsplit(found[1])
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def browser(tables: Flask) -> Callable[[], Browser]:
    """Makes browsers."""
    tables.config["WTF_CSRF_ENABLED"] = False
    return lambda: Browser(tables)


@pytest.fixture
def cleo(tables: Flask) -> Account:
    """An admin."""
    return accounts.add_user("cleo", PASSWORD, "admin")


@pytest.fixture
def filled(tables: Flask, settings: Settings) -> Flask:
    """One row of each table, of a restricted collection without members."""
    fill_every_table()
    with transaction() as write:
        collection = write.scalars(select(Collection)).one()
        collection.restricted = True
        write.execute(CollectionMember.__table__.delete())
        write.add(AuditEvent(action="test", subject="image:1", collection_id=collection.id))
    tables.config["WTF_CSRF_ENABLED"] = False
    tables.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    return tables
