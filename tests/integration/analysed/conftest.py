"""Tests here start from collections that are analysed already: made once, then copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from tests.support.fake_encoder import FakeEncoder
from tests.support.postgres import Postgres
from tests.support.working import EFFECT_IMAGES, analyse, import_pictures
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.collections import Workspace, collections, workspace
from workbench.services.encoding import registry
from workbench.store import migrating
from workbench.store.database import db

SPARING = {"effect_images": EFFECT_IMAGES, "sensitivity_images": 12}
"""For what tests make of the copies: most of a retrain's time goes into what is measured."""


class Originals:
    """One analysed workbench for each database, made when first asked for."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self._folder = folder
        self._postgres = postgres
        self._stack = ExitStack()
        self._made: dict[str, Settings] = {}

    def of(self, kind: str) -> Settings:
        if kind not in self._made:
            url = (
                ""
                if kind == "sqlite"
                else self._stack.enter_context(self._postgres.fresh_database())
            )
            settings = Settings(
                data_dir=self._folder / kind, database_url=url, effect_images=EFFECT_IMAGES
            )
            self._make(settings)
            self._made[kind] = settings
        return self._made[kind]

    def _make(self, settings: Settings) -> None:
        app = create_app(settings)
        with app.app_context():
            migrating.upgrade(db.engine)
            import_pictures(settings, settings.data_dir / "drawn")
            for each in collections():
                assert analyse(each.id, settings) == "succeeded"
            db.session.remove()
            # A copy needs the whole database in its file, and nobody connected to it.
            db.engine.dispose()

    def close(self) -> None:
        self._stack.close()


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


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(
    request: pytest.FixtureRequest,
    originals: Originals,
    postgres: Postgres,
    encoder: FakeEncoder,
    tmp_path: Path,
) -> Iterator[Settings]:
    """Settings of a copy of an analysed workbench, on both databases."""
    original = originals.of(request.param)
    data_dir = tmp_path / "data"
    shutil.copytree(original.data_dir, data_dir)
    if request.param == "sqlite":
        yield Settings(data_dir=data_dir, **SPARING)
    else:
        source = make_url(original.database_url).database
        assert source is not None
        with postgres.fresh_database(like=source) as url:
            yield Settings(data_dir=data_dir, database_url=url, **SPARING)


@pytest.fixture
def analysed(tables: Flask) -> Workspace:
    """The collection `pictures` under its first version."""
    return workspace("pictures")


@pytest.fixture
def version_id(analysed: Workspace) -> int:
    """The id of that version."""
    assert analysed.version is not None
    return analysed.version.id
