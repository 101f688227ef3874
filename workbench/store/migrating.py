"""Schema migrations."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def config(connection: Connection | None = None) -> Config:
    """Build Alembic's configuration, without an ini file."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate up to `revision`; does nothing where the database is up to date."""
    with _migrating(engine) as connection:
        command.upgrade(config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to `revision` (`base` for an empty database)."""
    with _migrating(engine) as connection:
        command.downgrade(config(connection), revision)


def is_current(engine: Engine) -> bool:
    """Tell whether all migrations have been applied."""
    with engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_heads()
    return set(here) == set(ScriptDirectory.from_config(config()).get_heads())


def is_begun(engine: Engine) -> bool:
    """Tell whether there is a database with all tables; makes no file to find out."""
    file = engine.url.database
    missing = engine.dialect.name == "sqlite" and file and not Path(file).exists()
    return not missing and is_current(engine)


class _migrating:  # noqa: N801 - reads as a verb where it is used
    """A connection in one transaction; on SQLite with foreign keys off, as batch mode needs.

    Batch mode rebuilds a table by copy, drop and rename: with foreign keys enforced the drop
    would cascade or fail. They are checked at the end instead.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()
        self._sqlite = engine.dialect.name == "sqlite"

    def __enter__(self) -> Connection:
        if self._sqlite:
            # The pragma does nothing inside a transaction, so it goes straight to the driver.
            self._pragma("foreign_keys = OFF")
        self._transaction = self._connection.begin()
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        try:
            if kind is None and self._sqlite:
                broken = self._connection.execute(text("PRAGMA foreign_key_check")).fetchall()
                if broken:
                    raise RuntimeError(f"the migration would break foreign keys: {broken[:5]}")
            if kind is None:
                self._transaction.commit()
        finally:
            if self._transaction.is_active:
                self._transaction.rollback()
            if self._sqlite:
                self._pragma("foreign_keys = ON")
            self._connection.close()

    def _pragma(self, statement: str) -> None:
        cursor = self._connection.connection.cursor()
        cursor.execute(f"PRAGMA {statement}")
        cursor.close()
