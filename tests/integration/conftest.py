"""A workbench with a few drawn pictures in it, and an encoder that costs nothing.

Tests marked `analysed` begin with their collections analysed: made once, then copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.support.analysed import Originals
from tests.support.fake_encoder import FakeEncoder
from tests.support.migrated import Migrated
from tests.support.postgres import Postgres
from tests.support.working import FEW_EFFECT_IMAGES, import_pictures
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.encoding import registry
from workbench.services.workspaces import Workspace, workspace

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def _hashes_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing a password takes a quarter of a second, to stop guessers: not what tests wait for."""
    monkeypatch.setattr(accounts, "_hasher", lambda: HASHER)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """The installation's encoder, replaced by one of a few lines."""
    fake = FakeEncoder()
    monkeypatch.setattr(registry, "load_encoder", lambda _name, **_places: fake)
    registry._loaded.cache_clear()
    return fake


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Originals]:
    """The analysed workbenches to copy from."""
    fake = FakeEncoder()
    real = registry.load_encoder
    registry.load_encoder = lambda _name, **_places: fake  # type: ignore[assignment]  # a stand-in
    made = Originals(tmp_path_factory.mktemp("analysed"), postgres)
    yield made
    made.close()
    registry.load_encoder = real


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
    """Settings of an empty workbench, or of a copy of an analysed one, on both databases.

    The empty one has its tables where the test asks for `tables`.
    """
    data_dir = tmp_path / "data"
    if request.node.get_closest_marker("analysed"):
        # The encoder comes second: what makes the originals puts one of its own in its place.
        originals: Originals = request.getfixturevalue("originals")
        request.getfixturevalue("encoder")
        with originals.copy(database_kind, data_dir) as settings:
            yield settings
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
def imported(tables: Flask, settings: Settings, encoder: FakeEncoder, tmp_path: Path) -> int:
    """The id of a collection of 40 pictures, some of the real ones with a fake's roughness.

    A second collection lies beside it, so that a missing condition shows.
    """
    import_pictures(settings, tmp_path / "drawn")
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
