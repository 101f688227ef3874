"""The statements that a call sends to the database, counted or by their transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, event

from workbench.store.database import WRITING, db, session


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that the block sends, from an empty session on."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith(("BEGIN", "ROLLBACK", "COMMIT")):
            sent.append(statement)

    session().rollback()
    session().expunge_all()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@contextmanager
def in_write_transactions() -> Iterator[list[str]]:
    """The statements that the block sends while it holds the write lock."""
    sent: list[str] = []

    def note(connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if connection.get_execution_options().get(WRITING, False):
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def queries(call: Callable[[], object]) -> int:
    """How many statements a call sends; what it keeps between calls is there already."""
    call()
    with counted() as sent:
        call()
    return len(sent)
