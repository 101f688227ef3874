"""A database that cannot save or answer: people are told so, and what became of what they wrote."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.support.postgres import Postgres
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.store import database
from workbench.store.database import db, session
from workbench.store.judgements import Verdict
from workbench.store.results import Prediction

pytestmark = pytest.mark.analysed
on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])
on_postgres = pytest.mark.parametrize("database_kind", ["postgresql"])
PASSWORD = "correct horse battery"

Judge = Callable[[], TestResponse]


@pytest.fixture
def reader(app: Flask, tables: Flask, ada: Account) -> FlaskClient:
    """Ada, signed in; forms without their tokens."""
    app.config.update(WTF_CSRF_ENABLED=False, TESTING=False)
    client = app.test_client()
    assert client.post("/login", data={"name": ada.name, "password": PASSWORD}).status_code == 303
    session().rollback()
    return client


@pytest.fixture
def form(version_id: int) -> str:
    """The address of an image's verdicts."""
    image_id = session().scalar(
        select(Prediction.image_id).where(Prediction.version_id == version_id).limit(1)
    )
    session().rollback()
    return f"/c/pictures/images/{image_id}/verdicts"


@pytest.fixture
def judge(reader: FlaskClient, form: str) -> Judge:
    """Gives a verdict on an image."""
    return lambda: reader.post(form, data={"decision": "real"})


def said(answer: TestResponse) -> str:
    """The sentence that the page has for its reader."""
    found = re.search(r"<p data-message>(.*?)</p>", answer.text, re.DOTALL)
    assert found, answer.text
    return found[1]


def verdicts() -> int:
    session().rollback()
    return session().scalar(select(func.count(Verdict.id))) or 0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else writes for as long as the block runs."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


def file_of(settings: Settings) -> Path:
    return settings.data_dir / "workbench.sqlite"


@on_sqlite
def test_on_a_full_disk_nothing_is_saved_and_the_page_says_so(
    judge: Judge, reader: FlaskClient
) -> None:
    with db.engine.connect() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def fill(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {used}")

    db.engine.dispose()
    database.event.listen(db.engine, "connect", fill)
    answers = [judge() for _ in range(60)]
    refused = next(each for each in answers if each.status_code != 303)

    assert refused.status_code == 507
    assert "Nothing was saved" in said(refused)
    assert "disk is full" in said(refused)
    assert verdicts() == sum(each.status_code == 303 for each in answers)
    assert reader.get("/c/pictures/").status_code == 200


@on_sqlite
def test_a_database_that_another_process_holds_refuses_the_write_and_not_the_pages(
    judge: Judge, reader: FlaskClient, form: str, settings: Settings
) -> None:
    """Ten people save at once, and eight threads serve: the readers' are never among them."""
    app = reader.application
    cookie = reader.get_cookie("workbench_session")
    assert cookie is not None
    statuses: list[int] = []

    def write() -> None:
        client = app.test_client()
        client.set_cookie("workbench_session", cookie.value)
        answer = client.post(form, data={"decision": "real"})
        statuses.append(answer.status_code)

    writers = [threading.Thread(target=write) for _ in range(10)]
    with locked(file_of(settings)):
        for each in writers:
            each.start()
        time.sleep(4 * database.TURN_SECONDS)
        waiting = sum(each.is_alive() for each in writers)
        page = reader.get("/c/pictures/")
        refused = judge()
    for each in writers:
        each.join()

    assert waiting == database.WRITERS
    assert page.status_code == 200
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "Nothing was saved" in said(refused)
    assert sorted(statuses) == [303] * database.WRITERS + [503] * (10 - database.WRITERS)
    assert verdicts() == database.WRITERS


@on_sqlite
def test_nothing_is_saved_into_a_file_that_was_moved_away(
    judge: Judge, reader: FlaskClient, settings: Settings
) -> None:
    assert judge().status_code == 303
    session().rollback()
    elsewhere = file_of(settings).with_name("elsewhere.sqlite")
    file_of(settings).rename(elsewhere)

    refused = judge()
    ill = reader.get("/healthz")
    assert not file_of(settings).exists(), "no empty database was made in its place"
    elsewhere.rename(file_of(settings))

    assert refused.status_code == 503
    assert "Nothing was saved" in said(refused)
    assert "moved or removed" in said(refused)
    assert str(settings.data_dir) not in refused.text
    assert ill.status_code == 503
    assert verdicts() == 1
    assert reader.get("/healthz").status_code == 200
    assert judge().status_code == 303
    assert verdicts() == 2


@on_sqlite
def test_a_backup_put_in_the_databases_place_is_what_is_written_to(
    judge: Judge, settings: Settings, tmp_path: Path
) -> None:
    path = file_of(settings)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copyfile(path, tmp_path / "backup")
    assert judge().status_code == 303
    session().rollback()
    for each in path.parent.glob("workbench.sqlite*"):
        each.rename(tmp_path / each.name)
    (tmp_path / "backup").rename(path)

    assert judge().status_code == 303

    with sqlite3.connect(path) as connection:
        assert connection.execute("select count(*) from verdict").fetchone() == (1,)
    connection.close()


@on_sqlite
def test_what_was_reported_as_saved_is_on_the_disk(tables: Flask) -> None:
    """2 is FULL: the log is synced at each commit."""
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2


@on_postgres
def test_while_postgres_is_away_pages_say_so_and_after_its_return_none_fails(
    judge: Judge, reader: FlaskClient, postgres: Postgres
) -> None:
    assert judge().status_code == 303
    session().rollback()

    with postgres.stopped():
        page, refused, ill = reader.get("/c/pictures/"), judge(), reader.get("/healthz")
    after = [reader.get("/healthz").status_code, reader.get("/c/pictures/").status_code]

    assert [each.status_code for each in (page, refused, ill)] == [503] * 3
    assert "cannot be reached" in said(page)
    assert "Nothing was saved" not in said(page)
    assert "Nothing was saved" in said(refused)
    assert int(page.headers["Retry-After"]) > 0
    assert after == [200, 200]
    assert judge().status_code == 303
    assert verdicts() == 2
