"""What goes wrong is logged without a secret, and without what people wrote."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from werkzeug.routing import Rule

from tests.integration.web.test_bad_addresses import ids_of
from workbench.cli import logs
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.review import tags, verdicts
from workbench.services.workspaces import Workspace
from workbench.store.database import db, session
from workbench.store.people import User

pytestmark = pytest.mark.analysed

WORDS = "planted-words-of-somebody"
TYPED = "planted password typed in"
FORM = {
    "name": WORDS,
    "password": TYPED,
    "current": TYPED,
    "new": TYPED,
    "again": TYPED,
    "tag": WORDS,
    "text": WORDS,
    "reason": WORDS,
    "description": WORDS,
    "decision": "fake",
    "expectation": "fall",
    "fits": "no",
}
EDIT = "?edit=group-"
TABLES = (
    *("audit_event", "verdict", "tag", "tagging", "user_account"),
    *("expectation", "counterfactual_note", "note_reply"),
)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that a process would write to standard error, with the most that it can be asked for."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    logs.configure(verbose=True)
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def refuse_rows() -> None:
    """Let the database itself refuse every new row of people's, however right it is."""
    with db.engine.begin() as connection:
        for table in TABLES:
            if connection.dialect.name == "sqlite":
                connection.execute(
                    text(
                        f"CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table} "
                        "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                    )
                )
            else:
                connection.execute(
                    text(f"ALTER TABLE {table} ADD CONSTRAINT refused CHECK (id < 0) NOT VALID")
                )


def addresses(app: Flask, ids: dict[str, int]) -> list[tuple[str, str]]:
    """Every rule of the URL map with each of its methods, filled with what is there."""
    values: dict[str, object] = {
        "name": "pictures",
        "filename": "x",
        "path": "x",
        "kind": "merge",
        "form": "csv",
        "version_id": ids["version"],
        "number": 1,
    }
    values |= {f"{kind}_id": ids[kind] for kind in ("cell", "pattern", "group", "image")}

    def filled(rule: Rule) -> str:
        given = {each: values.get(each, 1) for each in rule.arguments}
        return f"{app.url_map.bind('localhost').build(rule.endpoint, given)}{EDIT}{ids['group']}"

    return [
        (method, filled(rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "accounts.logout"
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]


def test_no_failing_request_writes_a_secret_or_somebodys_words_to_the_log(
    client: FlaskClient, ada: Account, analysed: Workspace, version_id: int, log: io.StringIO
) -> None:
    app = client.application
    app.config.update(WTF_CSRF_ENABLED=False, TESTING=False, RATELIMIT_ENABLED=False)
    stored = session().get_one(User, ada.id).password_hash
    ids = ids_of(analysed)
    tags.tag_pattern(ada.id, ids["pattern"], WORDS)
    verdicts.give_verdict(ada.id, ids["image"], version_id, "fake", WORDS)
    client.post("/login", data={"name": "ada", "password": "correct horse battery"})
    session().rollback()  # PostgreSQL would wait for what this one has read
    refuse_rows()

    failed = [
        address
        for method, address in addresses(app, ids)
        if client.open(address, method=method, data=FORM, buffered=True).status_code == 500
    ]
    try:
        accounts.add_user(WORDS, TYPED, "annotator")
    except IntegrityError:
        structlog.get_logger().exception("a service failed")

    assert len(failed) >= 4, "most ways to write were tried"
    assert "IntegrityError" in log.getvalue()
    assert "Traceback" in log.getvalue()
    for planted in (WORDS, TYPED, "correct horse battery", "$argon2", stored, app.secret_key):
        assert planted not in log.getvalue()
