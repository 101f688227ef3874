"""Analysed workbenches that tests copy: one for each database, made when first asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.support.postgres import Postgres
from tests.support.working import EFFECT_IMAGES, FEW_EFFECT_IMAGES, analyse, import_pictures
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.workspaces import collections
from workbench.store import migrating
from workbench.store.database import db

SPARING = {"effect_images": FEW_EFFECT_IMAGES, "sensitivity_images": 12}
"""For what tests make of the copies: most of a retrain's time goes into what is measured."""


class Originals:
    """The analysed workbenches to copy from."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self._folder = folder
        self._postgres = postgres
        self._stack = ExitStack()
        self._made: dict[str, Settings] = {}

    @contextmanager
    def copy(self, kind: str, data_dir: Path) -> Iterator[Settings]:
        """Settings of a copy on this kind of database, its files in `data_dir`."""
        original = self._of(kind)
        shutil.copytree(original.data_dir, data_dir)
        if kind == "sqlite":
            yield Settings(data_dir=data_dir, **SPARING)
            return
        source = make_url(original.url).database
        assert source is not None
        with self._postgres.fresh_database(like=source) as url:
            yield Settings(data_dir=data_dir, database_url=url, **SPARING)

    def _of(self, kind: str) -> Settings:
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
