"""Workbenches that tests copy, with pictures and analysed: each made when first asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.support.fake_encoder import put_in_place
from tests.support.postgres import Postgres
from tests.support.working import EFFECT_IMAGES, FEW_EFFECT_IMAGES, analyse, import_pictures
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.encoding import registry
from workbench.services.workspaces import collections
from workbench.store import migrating
from workbench.store.database import db

SPARING = {"effect_images": FEW_EFFECT_IMAGES, "sensitivity_images": 12}
"""For what tests make of the copies: most of a retrain's time goes into what is measured."""


class Originals:
    """The workbenches to copy from, on each database: with pictures imported, and analysed too."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self._folder = folder
        self._postgres = postgres
        self._stack = ExitStack()
        self._made: dict[tuple[str, bool], Settings] = {}

    @contextmanager
    def copy(self, kind: str, data_dir: Path, *, analysed: bool) -> Iterator[tuple[Path, str]]:
        """Copy one on this kind of database; the data directory, and the database's URL."""
        with self._copied(self._of(kind, analysed), kind, data_dir) as copy:
            yield copy

    @contextmanager
    def _copied(self, original: Settings, kind: str, data_dir: Path) -> Iterator[tuple[Path, str]]:
        shutil.copytree(original.data_dir, data_dir)
        if kind == "sqlite":
            yield data_dir, ""
            return
        source = make_url(original.url).database
        assert source is not None
        with self._postgres.fresh_database(like=source) as url:
            yield data_dir, url

    def _of(self, kind: str, analysed: bool) -> Settings:
        if (kind, analysed) not in self._made:
            folder = self._folder / f"{kind}-{'analysed' if analysed else 'imported'}"
            if analysed:
                imported = self._of(kind, analysed=False)
                place = self._stack.enter_context(self._copied(imported, kind, folder))
            else:
                place = folder, self._empty(kind)
            settings = Settings(
                data_dir=place[0], database_url=place[1], effect_images=EFFECT_IMAGES
            )
            self._make(settings, analysed=analysed)
            self._made[kind, analysed] = settings
        return self._made[kind, analysed]

    def _empty(self, kind: str) -> str:
        if kind == "sqlite":
            return ""
        return self._stack.enter_context(self._postgres.fresh_database())

    def _make(self, settings: Settings, *, analysed: bool) -> None:
        app = create_app(settings)
        with app.app_context(), pytest.MonkeyPatch.context() as patch:
            put_in_place(patch)
            if analysed:
                for each in collections():
                    assert analyse(each.id, settings) == "succeeded"
            else:
                migrating.upgrade(db.engine)
                import_pictures(settings, settings.data_dir / "drawn")
            db.session.remove()
            # A copy needs the whole database in its file, and nobody connected to it.
            db.engine.dispose()
        # What comes after is to load its own.
        registry._loaded.cache_clear()

    def close(self) -> None:
        self._stack.close()
