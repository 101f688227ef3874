"""Empty databases with all their tables: migrated once for each kind, then copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from tests.support.postgres import Postgres
from workbench.store import migrating
from workbench.store.database import prepare_engine


class Migrated:
    """The databases to copy from."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self._folder = folder
        self._postgres = postgres
        self._stack = ExitStack()
        self._made: dict[str, str] = {}

    @contextmanager
    def copy(self, kind: str, path: Path) -> Iterator[str]:
        """The URL of a copy; on SQLite it is the file at `path`."""
        original = make_url(self._of(kind)).database
        assert original is not None
        if kind == "sqlite":
            shutil.copy(original, path)
            yield f"sqlite:///{path}"
            return
        with self._postgres.fresh_database(like=original) as url:
            yield url

    def _of(self, kind: str) -> str:
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def _make(self, kind: str) -> str:
        url = (
            f"sqlite:///{self._folder / 'migrated.sqlite'}"
            if kind == "sqlite"
            else self._stack.enter_context(self._postgres.fresh_database())
        )
        engine = create_engine(url)
        prepare_engine(engine)
        migrating.upgrade(engine)
        # A copy needs the whole database in its file, and nobody connected to it.
        engine.dispose()
        return url

    def close(self) -> None:
        self._stack.close()
