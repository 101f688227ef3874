"""Inserting a row of which only one may stand, such as a tag on a pattern."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.services.errors import ConflictError
from workbench.store.judgements import Tag, Tagging
from workbench.store.regions import DrawnRegion

Row = TypeVar("Row", Tag, Tagging, DrawnRegion)
_TRIES = 5


def put_unless_standing(write: Session, row: Row, standing: Select[tuple[Row]]) -> tuple[Row, bool]:
    """Insert a row unless `standing` finds one; return the one that stands, and whether it is new.

    A unique index has to refuse the second of two: looking first is not enough, as on PostgreSQL
    several transactions look before the first of them commits.
    """
    refused: IntegrityError | None = None
    for _ in range(_TRIES):
        found = write.scalar(standing)
        if found is not None:
            return found, False
        try:
            with write.begin_nested():
                write.add(row)
        except IntegrityError as error:
            refused = error  # somebody else's came between, and may be withdrawn again by now
        else:
            return row, True
    raise ConflictError("This was changed at the same moment. Try again.") from refused
