"""Fixtures that all tests share, the benchmarks' too."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# Before anything imports torch or NumPy: the suite shares its machine, and on small inputs more
# threads are slower. Where pytest-xdist runs several workers, these are the threads.
threads = "1" if "PYTEST_XDIST_WORKER" in os.environ else "2"
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, threads)
# Threads that wait for each other's steps on a core that another process holds spin in vain: a
# training of a second takes a minute.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Sums in single precision come out the same on processors that have wider vectors, too.
os.environ.setdefault("MKL_ENABLE_INSTRUCTIONS", "AVX2")

# What numba compiles for one test is compiled for all of them, in numba's own place and not in each
# test's data directory.
os.environ.setdefault("NUMBA_CACHE_DIR", "")

import hypothesis
import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import Watch, launch, watched_page
from tests.support.postgres import Postgres, running_postgres
from tests.support.prepared import prepare
from tests.support.routes import compile_once

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from workbench.config import Settings

compile_once()

# A property's first example may compile or load something: deadlines would blame it for that.
hypothesis.settings.register_profile("local", deadline=None)
# The same commit gives the same result.
hypothesis.settings.register_profile(
    "ci", deadline=None, derandomize=True, database=None, print_blob=True
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


ORDER = ("tests/browser", "benchmarks", "tests/integration", "tests/unit", "tests/web")
"""Long files first, so that all workers end together."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files in front, and before them one that needs no prepared workbench.

    One worker makes the workbench that most browser tests share; the others have something to do
    meanwhile.
    """

    def place(item: pytest.Item) -> int:
        if item.path.name == "test_analysis.py":
            return -1
        return next(
            (at for at, folder in enumerate(ORDER) if item.nodeid.startswith(f"{folder}/")),
            len(ORDER),
        )

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("WORKBENCH_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _umask_as_before() -> Iterator[None]:
    """The command line sets it for the process that it runs in, here that of the tests."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture
def time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock shows one moment, for tests of what is counted by the minute, however slow."""
    moment = time.time()
    monkeypatch.setattr(time, "time", lambda: moment)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL; `postgres.fresh_database()` lends an empty database."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with postgres.fresh_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """A test that asks for a database runs on SQLite and on PostgreSQL."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if database_kind == "sqlite":
        return f"sqlite:///{tmp_path / 'workbench.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of an empty workbench, on both databases."""
    from tests.support.working import FEW_EFFECT_IMAGES
    from workbench.config import Settings

    return Settings(
        data_dir=tmp_path / "data", database_url=database_url, effect_images=FEW_EFFECT_IMAGES
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on an empty database without tables."""
    from workbench.app import create_app

    made = create_app(settings)
    made.config.update(TESTING=True)
    yield made
    with made.app_context():
        made.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser's stand-in: requests without a server."""
    return app.test_client()


@pytest.fixture(scope="session")
def analysed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory made by the command line, with an analysed collection; work on a copy.

    Made once for all of pytest-xdist's workers, by whichever asks first.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return prepare(tmp_path_factory.mktemp("prepared"))
    folder = tmp_path_factory.getbasetemp().parent / "prepared"
    done = folder / "done"
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            folder.mkdir()
            prepare(folder)
            done.touch()
    return folder / "data"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def watched(chromium: Browser) -> Iterator[tuple[Page, Watch]]:
    """A page and its watch, for tests that provoke a problem and say so: `watch.expect("…")`."""
    with watched_page(chromium, viewport={"width": 1440, "height": 900}) as (page, watch):
        yield page, watch
        assert watch.unexpected() == []


@pytest.fixture
def browser_page(watched: tuple[Page, Watch]) -> Page:
    """A page; console errors, CSP violations and requests to other hosts fail the test."""
    return watched[0]
