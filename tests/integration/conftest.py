"""A workbench with a few drawn pictures in it, and an encoder that costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.fake_encoder import FakeEncoder
from tests.support.working import import_pictures
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.collections import workspace
from workbench.services.encoding import registry
from workbench.store import migrating
from workbench.store.database import db


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """The installation's encoder, replaced by one of a few lines."""
    fake = FakeEncoder()
    monkeypatch.setattr(registry, "load_encoder", lambda _name, **_places: fake)
    registry._loaded.cache_clear()
    return fake


@pytest.fixture
def tables(app: Flask) -> Iterator[Flask]:
    """The application with its tables, and a context to work in."""
    with app.app_context():
        migrating.upgrade(db.engine)
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
