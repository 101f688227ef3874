"""Readers of the made-up language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.conftest import Reader, make_app
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.translating import pseudo
from tests.web.translating.pseudo import LANGUAGE
from workbench.web.site.limits import limiter


@pytest.fixture(scope="session")
def pseudo_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application with the made-up language."""
    translations = tmp_path_factory.mktemp("translations")
    pseudo.write_translation(translations)
    return make_app(FakeWorkbench(tmp_path_factory.mktemp("pseudo")), translations=translations)


@pytest.fixture
def speaking(pseudo_app: Flask, book: FakeWorkbench) -> Callable[..., Reader]:
    """A reader of the made-up language; `name` signs in first."""
    limiter.reset()

    def reader(name: str | None = None, language: str = LANGUAGE) -> Reader:
        client = pseudo_app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        made = Reader(client)
        if name:
            assert made.sign_in(name).status_code == 303
        return made

    return reader
