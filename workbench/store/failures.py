"""What keeps a database from answering or from saving, by kind."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError


class StorageError(OperationalError):
    """The database cannot answer or save; the open transaction is rolled back.

    An OperationalError, so that whoever expects those expects these.
    """

    def __init__(self, cause: BaseException | str) -> None:
        super().__init__(None, None, cause if isinstance(cause, BaseException) else OSError(cause))


class DatabaseAwayError(StorageError):
    """It cannot be reached: stopped, starting, cut off, or out of connections."""


class DatabaseBusyError(StorageError):
    """Others are writing, for longer than anybody should wait."""


class DatabaseFullError(StorageError):
    """Its disk is full."""


class DatabaseReadOnlyError(StorageError):
    """It can be read but not written."""


class DatabaseMissingError(StorageError):
    """Its file was moved or removed under a running process."""


class DatabaseDamagedError(StorageError):
    """Its file cannot be read: damaged, or its disk is failing."""


_SQLITE = {
    sqlite3.SQLITE_BUSY: DatabaseBusyError,
    sqlite3.SQLITE_LOCKED: DatabaseBusyError,
    sqlite3.SQLITE_FULL: DatabaseFullError,
    sqlite3.SQLITE_READONLY: DatabaseReadOnlyError,
    sqlite3.SQLITE_CANTOPEN: DatabaseAwayError,
    sqlite3.SQLITE_IOERR: DatabaseDamagedError,
    sqlite3.SQLITE_CORRUPT: DatabaseDamagedError,
    sqlite3.SQLITE_NOTADB: DatabaseDamagedError,
}
"""By primary result code, https://www.sqlite.org/rescode.html."""

_POSTGRES = {
    "08": DatabaseAwayError,
    "53100": DatabaseFullError,
    "53": DatabaseAwayError,
    "57P": DatabaseAwayError,
    "55P03": DatabaseBusyError,
    "25006": DatabaseReadOnlyError,
    "58": DatabaseDamagedError,
    "XX001": DatabaseDamagedError,
}
"""By code or its beginning, https://www.postgresql.org/docs/current/errcodes-appendix.html."""


def kind_of(error: BaseException | None) -> type[StorageError] | None:
    """The kind of a driver's error; None for a mistake in a statement or its values."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return None if code is None else _SQLITE.get(code & 0xFF)
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        if state is None:
            # The server did not send it: there was no connection, or it broke.
            return DatabaseAwayError if isinstance(error, psycopg.OperationalError) else None
        return next((_POSTGRES[state[:n]] for n in (5, 3, 2) if state[:n] in _POSTGRES), None)
    return None


def shorten(context: ExceptionContext) -> None:
    """Cut a driver's error down to its first line (SQLAlchemy's `handle_error`).

    In the others PostgreSQL quotes the row that it refused, with password hashes and people's
    words, and errors are logged.
    """
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and len(error.args) == 1:
            error.args = (str(error.args[0]).partition("\n")[0],)


def translate(context: ExceptionContext) -> StorageError | None:
    """Replace a driver's error by its kind (SQLAlchemy's `handle_error`)."""
    cause = context.original_exception
    kind = kind_of(cause)
    if kind is None:
        return None
    known = context.sqlalchemy_exception
    translated = kind(cause)
    translated.connection_invalidated = (
        isinstance(known, DBAPIError) and known.connection_invalidated
    )
    return translated
