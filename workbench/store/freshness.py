"""Whether rows were added to a table, for what is computed from it and kept."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from workbench.store.database import session

LATE: Final = 10_000
"""So many ids may be given to others before the transaction that was given one ends."""


def rows_added(ids: InstrumentedAttribute[Any]) -> tuple[int, int]:
    """What changes as soon as a row is seen that was not: the largest id, and how many are near it.

    PostgreSQL gives ids before transactions end: a row may be seen after one with a larger id. One
    query, which looks at the last ids alone.
    """
    newest = select(func.max(ids)).scalar_subquery()
    late = select(func.count(ids)).where(ids > newest - LATE).scalar_subquery()
    largest, behind = session().execute(select(newest, late)).one()
    return largest or 0, behind
