"""The database as a witness: read from outside, so that it shows what was committed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, NullPool, Row, Select, create_engine, func, select
from sqlalchemy.orm import Session

from tests.support.prepared import DATABASE
from workbench.store.database import Base
from workbench.store.people import AuditEvent


class Witness:
    """Reads a SQLite data directory; every question sees the newest commit."""

    def __init__(self, data_dir: Path) -> None:
        # No connection outlives its question: none is in the way of a process that is killed.
        self._engine = create_engine(f"sqlite:///{data_dir / DATABASE}", poolclass=NullPool)

    def rows(self, wanted: Select[Any]) -> Sequence[Row[Any]]:
        with Session(self._engine) as session:
            return session.execute(wanted).all()

    def one(self, wanted: Select[Any]) -> Row[Any]:
        with Session(self._engine) as session:
            return session.execute(wanted).one()

    def count(self, table: type[Base], *conditions: ColumnElement[bool]) -> int:
        found: int = self.one(select(func.count()).select_from(table).where(*conditions))[0]
        return found

    def events(self, user_id: int) -> list[tuple[str, str]]:
        """What a person did, as (action, subject), in order."""
        asked = select(AuditEvent.action, AuditEvent.subject)
        found = self.rows(asked.where(AuditEvent.user_id == user_id).order_by(AuditEvent.id))
        return [(action, subject) for action, subject in found]
