"""Database: declarative base, sessions, transactions, and set-up of SQLite connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

WRITING = "workbench_writing"
LARGEST_ID = 2**31 - 1
"""Of an integer column; a larger one would be an error of the database."""


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


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a write transaction: commit at the end, roll back on any error.

    On SQLite the write lock is taken at the start (BEGIN IMMEDIATE): a transaction that reads
    first and writes later could otherwise fail when another writer came between.
    """
    write = session()
    write.rollback()  # a read may have opened a deferred transaction; it holds nothing
    write.connection(execution_options={WRITING: True})
    try:
        yield write
        write.commit()
    except BaseException:
        write.rollback()
        raise


def prepare_engine(engine: Engine) -> None:
    """Set up the connections of a SQLite engine; other databases need nothing."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions on its own: `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout = 30000",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
