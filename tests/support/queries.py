"""Counting the statements that a call sends to the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from workbench.store.database import db, session


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


def queries(call: Callable[[], object]) -> int:
    """How many statements a call sends; what it keeps between calls is there already."""
    call()
    with counted() as sent:
        call()
    return len(sent)
