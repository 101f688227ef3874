"""A workbench with a few drawn pictures in it, and an encoder that costs nothing.

Tests marked `analysed` begin with their collections analysed. Both are made once, then copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.support.analysed import SPARING, Originals
from tests.support.fake_encoder import FakeEncoder, put_in_place
from tests.support.migrated import Migrated
from tests.support.postgres import Postgres
from tests.support.working import FEW_EFFECT_IMAGES
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.workspaces import Workspace, workspace

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def _hashes_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing a password takes a quarter of a second, to stop guessers: not what tests wait for."""
    monkeypatch.setattr(accounts, "_hasher", lambda: HASHER)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """The installation's encoder, replaced by one of a few lines."""
    return put_in_place(monkeypatch)


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Originals]:
    """The workbenches with pictures to copy from."""
    made = Originals(tmp_path_factory.mktemp("originals"), postgres)
    yield made
    made.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Migrated]:
    """The empty databases with tables to copy from."""
    made = Migrated(tmp_path_factory.mktemp("migrated"), postgres)
    yield made
    made.close()


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, database_kind: str, tmp_path: Path
) -> Iterator[Settings]:
    """Settings of an empty workbench, or of a copy of one that is not, on both databases.

    The copy is analysed, or has its pictures where the test asks for `imported`. The empty one has
    its tables where the test asks for `tables`.
    """
    data_dir = tmp_path / "data"
    if request.node.get_closest_marker("analysed"):
        originals: Originals = request.getfixturevalue("originals")
        request.getfixturevalue("encoder")
        with originals.copy(database_kind, data_dir, analysed=True) as (data, url):
            yield Settings(data_dir=data, database_url=url, **SPARING)
    elif "imported" in request.fixturenames:
        originals = request.getfixturevalue("originals")
        with originals.copy(database_kind, data_dir, analysed=False) as (data, url):
            yield Settings(data_dir=data, database_url=url, effect_images=FEW_EFFECT_IMAGES)
    elif "tables" in request.fixturenames:
        migrated: Migrated = request.getfixturevalue("migrated")
        with migrated.copy(database_kind, tmp_path / "workbench.sqlite") as url:
            yield Settings(data_dir=data_dir, database_url=url, effect_images=FEW_EFFECT_IMAGES)
    else:
        url = request.getfixturevalue("database_url")
        yield Settings(data_dir=data_dir, database_url=url, effect_images=FEW_EFFECT_IMAGES)


@pytest.fixture
def tables(app: Flask) -> Iterator[Flask]:
    """The application with its tables, and a context to work in."""
    with app.app_context():
        yield app


@pytest.fixture
def imported(tables: Flask, encoder: FakeEncoder) -> int:
    """The id of a collection of 40 pictures, some of the real ones with a fake's roughness.

    A second collection lies beside it, so that a missing condition shows.
    """
    return workspace("pictures").collection.id


@pytest.fixture
def ada(tables: Flask) -> Account:
    """A developer."""
    return accounts.add_user("ada", "correct horse battery", "developer")


@pytest.fixture
def ben(tables: Flask) -> Account:
    """A reviewer."""
    return accounts.add_user("ben", "correct horse battery", "reviewer")


@pytest.fixture
def analysed(tables: Flask) -> Workspace:
    """The collection `pictures` under its first version."""
    return workspace("pictures")


@pytest.fixture
def version_id(analysed: Workspace) -> int:
    """The id of that version."""
    assert analysed.version is not None
    return analysed.version.id
