"""Rows by the million into SQLite or PostgreSQL: no checks on the way, indexes made at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import Any, Protocol

import psycopg
from sqlalchemy import Engine, Table
from sqlalchemy.schema import CreateIndex, DropIndex

Columns = Mapping[str, Any]
"""By name, a list with a value for each row, or one value for all of them."""


class Bulk(Protocol):
    """An own connection to a database, for filling it and for nothing else."""

    def execute(self, statement: str) -> None: ...

    def copy(self, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None: ...

    def finish(self, tables: Sequence[Table]) -> None: ...


class BulkSqlite:
    """Without a journal: what is torn is thrown away."""

    def __init__(self, engine: Engine) -> None:
        self._connection = sqlite3.connect(str(engine.url.database), isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
            self.execute(f"PRAGMA {pragma}")

    def execute(self, statement: str) -> None:
        self._connection.execute(statement).fetchall()

    def copy(self, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        columns = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * len(names))
        self.execute("BEGIN")
        self._connection.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', rows)  # noqa: S608 - names of our own tables
        self.execute("COMMIT")

    def finish(self, tables: Sequence[Table]) -> None:
        self.execute("ANALYZE")
        self.execute("PRAGMA journal_mode = WAL")
        self._connection.close()


class BulkPostgres:
    """COPY, with the triggers that check foreign keys held off."""

    def __init__(self, engine: Engine) -> None:
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(url, autocommit=True)
        for setting in (
            "session_replication_role = replica",
            "timezone = 'UTC'",
            "synchronous_commit = off",
            "maintenance_work_mem = '512MB'",
        ):
            self.execute(f"SET {setting}")

    def execute(self, statement: str) -> None:
        self._connection.execute(statement)

    def copy(self, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        columns = ", ".join(f'"{name}"' for name in names)
        with self._connection.cursor().copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)

    def finish(self, tables: Sequence[Table]) -> None:
        for table in tables:
            if "id" in table.columns:
                # Ids were given, so the sequences know nothing of them.
                self.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) "  # noqa: S608 - names of our own tables
                    f"FROM {table.name}"
                )
        self.execute("VACUUM ANALYZE")
        self.execute("CHECKPOINT")
        self._connection.close()


def bulk_for(engine: Engine) -> Bulk:
    """The one for this engine's database; nobody else may be connected to it."""
    return BulkSqlite(engine) if engine.dialect.name == "sqlite" else BulkPostgres(engine)


@contextmanager
def without_indexes(bulk: Bulk, engine: Engine, tables: Sequence[Table]) -> Iterator[None]:
    """Take these tables' indexes away, and make them again at the end; keys stay."""
    indexes = [index for table in tables for index in table.indexes]
    for index in indexes:
        bulk.execute(str(DropIndex(index).compile(dialect=engine.dialect)))
    yield
    for index in indexes:
        bulk.execute(str(CreateIndex(index).compile(dialect=engine.dialect)))


def insert(bulk: Bulk, table: Table, columns: Columns) -> None:
    """Rows of a table; columns that are left out get their plain default."""
    given = {
        column.name: column.default.arg
        for column in table.columns
        if column.default is not None and column.default.is_scalar
    } | dict(columns)
    count = next(len(values) for values in given.values() if isinstance(values, list))
    filled = [
        values if isinstance(values, list) else repeat(values, count) for values in given.values()
    ]
    bulk.copy(table.name, list(given), zip(*filled, strict=False))
