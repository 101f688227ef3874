"""Database: declarative base, sessions, transactions, and set-up of SQLite connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from workbench.store import failures
from workbench.store.failures import DatabaseBusyError, DatabaseMissingError

WRITING = "workbench_writing"
LARGEST_ID = 2**31 - 1
"""Of an integer column; a larger one would be an error of the database."""
NEVER_AGAIN = {"sqlite_autoincrement": True}
"""Of tables by whose ids browsers keep pictures: the id of a row that is gone is not given out
again. (PostgreSQL gives none out again.)"""

WRITERS = 4
"""Threads of a process that write or wait for the lock of the database at one moment: fewer than
serve pages, so that readers are answered while somebody else holds that lock."""
TURN_SECONDS = 0.5
"""So long one waits to be among them: many short writes at a time, never one long one."""
_writers = threading.BoundedSemaphore(WRITERS)

ENGINE_OPTIONS = {"pool_pre_ping": True, "hide_parameters": True}
"""A connection that broke while it lay in the pool is replaced before a request gets it; errors,
which are logged, hold no parameters: passwords' hashes, people's words."""
PATIENCE_WITH_POSTGRES = {"connect_timeout": 5, "tcp_user_timeout": 15_000}
"""Seconds for connecting, milliseconds for a peer that has vanished without a word."""


class UtcDateTime(TypeDecorator[datetime]):
    """A timestamp in UTC. SQLite stores no time zone: it is required on input and set on output."""

    impl = DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"expected a datetime with a time zone, got {value!r}")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Base of all tables. The naming convention names every constraint, as migrations need."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime()}


# Engine and session for each application context. The tables stand on the plain `Base` above, not
# on `db.Model`, so that everything below the services is SQLAlchemy alone.
db = SQLAlchemy()


def session() -> Session:
    """The session of the current application context."""
    found: Session = db.session()
    return found


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


_guard: ContextVar[Callable[[Session], None] | None] = ContextVar("guard", default=None)


@contextmanager
def guarded(check: Callable[[Session], None]) -> Iterator[None]:
    """Begin each write transaction of this thread with `check`; what it raises ends it."""
    token = _guard.set(check)
    try:
        yield
    finally:
        _guard.reset(token)


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a write transaction: commit at the end, roll back on any error.

    On SQLite the write lock is taken at the start (BEGIN IMMEDIATE): a transaction that reads
    first and writes later could otherwise fail when another writer came between.

    Raises StorageError where nothing can be saved.
    """
    write = session()
    write.rollback()  # a read may have opened a deferred transaction; it holds nothing
    if not _writers.acquire(timeout=TURN_SECONDS):
        raise DatabaseBusyError("others wait for the database's lock already")
    check = _guard.get()
    try:
        write.connection(execution_options={WRITING: True})
        if check is not None:
            check(write)
        yield write
        write.commit()
    except BaseException:
        write.rollback()
        raise
    finally:
        _writers.release()


@contextmanager
def snapshot() -> Iterator[Session]:
    """Read everything as it stands at one moment, whatever is written meanwhile.

    SQLite reads so by itself.
    """
    read = session()
    read.rollback()
    if read.get_bind().dialect.name == "postgresql":
        read.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        yield read
    finally:
        read.rollback()


def overwrite_deleted(write: Session) -> None:
    """Have what a transaction deletes overwritten in SQLite's file, and not only given free.

    PostgreSQL overwrites when it vacuums.
    """
    if write.get_bind().dialect.name == "sqlite":
        write.connection().exec_driver_sql("PRAGMA secure_delete = ON")


def empty_log() -> None:
    """Have the log beside SQLite's file hold nothing of what was deleted, unless somebody reads."""
    write = session()
    write.rollback()
    if write.get_bind().dialect.name == "sqlite":
        driver = write.connection().connection.driver_connection
        write.rollback()
        assert driver is not None  # noqa: S101 - it was just used
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def engine_options(url: str) -> dict[str, Any]:
    """How to make the engine of a database."""
    if url.startswith("postgresql"):
        return ENGINE_OPTIONS | {"connect_args": PATIENCE_WITH_POSTGRES}
    return ENGINE_OPTIONS


def prepare_engine(engine: Engine) -> None:
    """Name the engine's failures by kind, without rows, and set up the connections of SQLite."""
    event.listen(engine, "handle_error", failures.shorten)
    event.listen(engine, "handle_error", failures.translate)
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    if engine.url.database and Path(engine.url.database).is_absolute():
        _watch_file(engine, Path(engine.url.database))


def _watch_file(engine: Engine, path: Path) -> None:
    """Let no connection be used that has another file open than the one at `path`.

    A process writes on into a file that was moved or removed, and says that it saved.
    """
    known = "workbench_file"
    opened = threading.Event()

    def identity() -> tuple[int, int]:
        try:
            found = path.stat()
        except FileNotFoundError as error:
            raise DatabaseMissingError(f"the database file {path} is missing") from error
        return found.st_dev, found.st_ino

    def do_connect(*_arguments: Any) -> None:
        if opened.is_set():
            identity()  # SQLite would make a new, empty one

    def connect(_connection: Any, record: Any) -> None:
        record.info[known] = identity()
        opened.set()

    def checkout(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info[known] != identity():
            raise DisconnectionError("the database file is another one now")

    event.listen(engine, "do_connect", do_connect)
    event.listen(engine, "connect", connect)
    event.listen(engine, "checkout", checkout)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions on its own: `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout = 30000",
        "journal_mode = WAL",
        # A verdict that was reported as saved is on the disk: a power cut does not take it back.
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
