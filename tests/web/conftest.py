"""An application whose use cases are handwritten fakes, and readers who visit it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.fakes.data import PASSWORD
from tests.web.fakes.workbench import FakeWorkbench
from workbench.config import Settings
from workbench.web import screens
from workbench.web.site.assets import empty_app
from workbench.web.site.limits import limiter

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def make_app(
    book: FakeWorkbench,
    *,
    open_reading: bool = True,
    https: bool = False,
    translations: Path | None = None,
) -> Flask:
    """The screens over a fake workbench; `translations` stands for the folder of that name."""
    settings = Settings(data_dir=book.folder, open_reading=open_reading, https=https)
    app = empty_app()
    app.config.update(
        WORKBENCH=settings,
        SECRET_KEY="made up",
        MAX_CONTENT_LENGTH=100_000,
    )
    if translations is not None:
        app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(translations)
    screens.register(app)
    return app


@dataclass
class Reader:
    """Somebody with a browser that runs no JavaScript."""

    client: FlaskClient

    def get(self, url: str, **options: Any) -> TestResponse:
        return self.client.get(url, buffered=True, **options)

    def asset(self, name: str) -> str:
        """The address of a style or script, as pages have it."""
        found = re.search(rf'"(/static/[^"]+/{re.escape(name)})"', self.get("/login").text)
        assert found, "no page has it"
        return found[1]

    def token(self) -> str:
        """The token that the forms of this session carry."""
        page = self.get("/login").text + self.get("/").text
        found = TOKEN.search(page)
        assert found, "no form on the page"
        return found[1]

    def post(self, url: str, **fields: Any) -> TestResponse:
        return self.client.post(url, data={"csrf_token": self.token(), **fields})

    def sign_in(self, name: str, password: str = PASSWORD, url: str = "/login") -> TestResponse:
        return self.post(url, name=name, password=password)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWorkbench:
    """Use cases in memory, which the views call instead of the real ones."""
    made = FakeWorkbench(tmp_path)
    made.install(monkeypatch)
    return made


@pytest.fixture(scope="session")
def open_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application for all tests: what costs time is that its templates are compiled."""
    return make_app(FakeWorkbench(tmp_path_factory.mktemp("web")))


@pytest.fixture
def app(open_app: Flask, book: FakeWorkbench) -> Flask:
    """The application over this test's use cases, with no tries counted yet."""
    limiter.reset()
    return open_app


@pytest.fixture
def visitor(app: Flask) -> Reader:
    """Reads without signing in."""
    return Reader(app.test_client())


@pytest.fixture
def ada(app: Flask) -> Reader:
    """A developer who is signed in."""
    reader = Reader(app.test_client())
    assert reader.sign_in("ada").status_code == 303
    return reader


@pytest.fixture
def ben(app: Flask) -> Reader:
    """An annotator who is signed in."""
    reader = Reader(app.test_client())
    assert reader.sign_in("ben").status_code == 303
    return reader
