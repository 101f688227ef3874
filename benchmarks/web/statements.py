"""How many statements a page sends to the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient
from sqlalchemy import event

from benchmarks.web.databases import Filled
from benchmarks.web.filling.collection import NAME, PASSWORD
from benchmarks.web.pages import Draw, Page, known_of
from workbench.app import create_app
from workbench.store.database import db

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def count_statements(filled: Filled, pages: dict[str, Page]) -> dict[str, int]:
    """By the page's name, those of a second visit: what a process keeps is there already."""
    draw = Draw(known_of(filled), seed=2)
    with _signed_in(filled) as client:
        return {name: _of(client, page, draw) for name, page in pages.items()}


@contextmanager
def _signed_in(filled: Filled) -> Iterator[FlaskClient]:
    app = create_app(filled.settings)
    client = app.test_client()
    token = _token(client, "/login")
    client.post("/login", data={"csrf_token": token, "name": NAME, "password": PASSWORD})
    try:
        yield client
    finally:
        with app.app_context():
            db.engine.dispose()


def _token(client: FlaskClient, address: str) -> str:
    found = TOKEN.search(client.get(address).text)
    if found is None:
        raise RuntimeError(f"{address} has no form with a token")
    return found[1]


def _of(client: FlaskClient, page: Page, draw: Draw) -> int:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith(("BEGIN", "ROLLBACK", "COMMIT")):
            sent.append(statement)

    token = _token(client, "/taxonomy")
    with client.application.app_context():
        engine = db.engine
    for _ in range(2):
        sent.clear()
        event.listen(engine, "before_cursor_execute", note)
        try:
            address = draw.address(page)
            if page.tag:
                client.post(address, data={"csrf_token": token, "tag": "made-up tag 0001"})
            else:
                client.get(address)
        finally:
            event.remove(engine, "before_cursor_execute", note)
    return len(sent)
