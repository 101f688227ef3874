"""Many ids as one parameter: a table that a statement reads them from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import JSON, ColumnElement, Integer, cast, func, literal
from sqlalchemy.orm import Session


def listed(reading: Session, ids: Sequence[int]) -> ColumnElement[int]:
    """The ids as a column to select, a row each.

    A row a parameter costs PostgreSQL three to four times as long, and a list of parameters has
    only so many places.
    """
    document = literal(list(ids), JSON)
    on_sqlite = reading.get_bind().dialect.name == "sqlite"
    rows = func.json_each(document) if on_sqlite else func.json_array_elements_text(document)
    return cast(rows.table_valued("value").c.value, Integer)
