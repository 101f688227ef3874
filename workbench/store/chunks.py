"""Writes of many rows in chunks: each a short transaction, so that other writers get their turn.

What is written so is seen in part, and stays in part when the process dies: it belongs to a version
that nobody sees yet, and is written or deleted again from the start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import ColumnElement, Delete, Update, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from workbench.store.database import transaction

ROWS = 5_000
"""Rows of a chunk."""

Row = TypeVar("Row")


def write_in_chunks(
    rows: Sequence[Row],
    write_some: Callable[[Session, Sequence[Row]], object],
    *,
    size: int = ROWS,
) -> None:
    """Call `write_some` with each chunk of rows, within a transaction of its own."""
    for start in range(0, len(rows), size):
        with _turn(last=start + size >= len(rows)) as write:
            write_some(write, rows[start : start + size])


def change_in_chunks(
    statement: Update | Delete, key: InstrumentedAttribute[int], *where: ColumnElement[bool]
) -> None:
    """Execute an update or delete of the rows that meet `where`, by ascending `key`.

    Rows with the same key are in the same chunk.
    """
    above: tuple[ColumnElement[bool], ...] = ()
    more = True
    while more:
        with _turn() as write:
            end = write.scalar(
                select(key).where(*where, *above).order_by(key).offset(ROWS - 1).limit(1)
            )
            more = end is not None
            below = (key <= end,) if more else ()
            write.execute(
                statement.where(*where, *above, *below),
                execution_options={"synchronize_session": False},
            )
            above = (key > end,) if more else ()


@contextmanager
def _turn(*, last: bool = False) -> Iterator[Session]:
    """A transaction, and then a pause: whoever waits for SQLite's lock asks only now and then."""
    with transaction() as write:
        began = time.monotonic()
        yield write
    if not last:
        time.sleep(time.monotonic() - began)
