"""People of an installation, and browsers that they sit at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask, g
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.support.identity_provider import CLIENT, SECRET, IdentityProvider, running_provider
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

    def by(self, provider: IdentityProvider, subject: str | None, url: str) -> TestResponse:
        """Follow the way to the provider, sign in there, and come back."""
        return self.get(self.through(provider, subject, url))

    def through(self, provider: IdentityProvider, subject: str | None, url: str) -> str:
        """The same, up to the address that one would come back to."""
        sent = self.get(url)
        assert sent.status_code == 303, sent.text
        return path_of(provider.sign_in(sent.headers["Location"], subject))

    @property
    def is_in(self) -> bool:
        return self.get("/account").status_code == 200

    def _forgetting(self, answer: TestResponse) -> TestResponse:
        limiter.reset()
        g.pop("_login_user", None)  # the test's own context outlives its requests
        return answer


def link_on(page: str) -> str:
    """The path of the one-time link that a page shows."""
    found = re.search(r'value="(http[^"]+)"', page)
    assert found, page
    return path_of(found[1])


def path_of(url: str) -> str:
    """An address of the workbench without its host."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.fixture(scope="session")
def provider_process() -> Iterator[IdentityProvider]:
    """A running identity provider."""
    with running_provider() as running:
        yield running


@pytest.fixture
def provider(provider_process: IdentityProvider, tables: Flask) -> IdentityProvider:
    """The same, behaving as it should, and set in this installation."""
    provider_process.behave()
    use_provider(tables, provider_process.issuer)
    return provider_process


def use_provider(app: Flask, issuer: str, **others: object) -> None:
    """Set the identity provider of an installation."""
    given: Settings = app.config["WORKBENCH"]
    wanted = {
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_name": "Example ID",
        **others,
    }
    app.config["WORKBENCH"] = Settings(**{**given.model_dump(), **wanted})


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
