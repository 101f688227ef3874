"""The benchmark of a team's curation notices what is lost, doubled, or other than recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from benchmarks.curation.books import Books, Saved
from benchmarks.web.databases import Filled
from tests.support.rows import fill_every_table
from workbench.app import create_app
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.review import verdicts
from workbench.store import migrating
from workbench.store.database import db, session, transaction
from workbench.store.judgements import Verdict


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    """One image, and somebody who judges it."""
    url = f"sqlite:///{tmp_path / 'workbench.sqlite'}"
    settings = Settings(data_dir=tmp_path / "data", database_url=url)
    with create_app(settings).app_context():
        migrating.upgrade(db.engine)
        fill_every_table()
        yield Filled("sqlite", 1, settings.data_dir, url, 0.0, 0)
        db.engine.dispose()


def judged(decision: str) -> int:
    return verdicts.give_verdict(accounts.id_of("ada"), 1, None, decision).id


def told(decision: str, *, standing: bool | None = True) -> Saved:
    return Saved("ada", 1, decision, standing)


RIGHT = {"lost": 0, "doubled": 0, "audit_differs": 0}


def test_what_was_saved_and_withdrawn_as_answered_is_in_order(filled: Filled) -> None:
    judged("real")
    books = Books(filled)
    first, second = judged("fake"), judged("unsure")
    verdicts.withdraw_verdict(accounts.id_of("ada"), second)

    saved = {
        ("verdicts", first): told("fake"),
        ("verdicts", second): told("unsure", standing=False),
    }

    assert books.compared(saved, 0) == RIGHT


@pytest.mark.parametrize(
    ("beyond", "saved"),
    [
        (1, told("fake")),
        (0, told("real")),
        (0, Saved("ben", 1, "fake")),
        (0, told("fake", standing=False)),
    ],
)
def test_what_is_not_there_as_it_was_saved_is_lost(
    filled: Filled, beyond: int, saved: Saved
) -> None:
    books = Books(filled)
    given = judged("fake")

    assert books.compared({("verdicts", given + beyond): saved}, 1)["lost"] == 1


def test_a_row_that_nobody_was_told_of_is_doubled_unless_an_answer_is_missing(
    filled: Filled,
) -> None:
    books = Books(filled)
    judged("fake")

    assert books.compared({}, 0) == {**RIGHT, "doubled": 1}
    assert books.compared({}, 1) == RIGHT


@pytest.mark.parametrize("changed", [{"decision": "real"}, {"withdrawn_at": None}])
def test_a_row_that_says_something_else_than_the_audit_trail_is_noticed(
    filled: Filled, changed: dict[str, object]
) -> None:
    books = Books(filled)
    given = judged("fake")
    verdicts.withdraw_verdict(accounts.id_of("ada"), given)
    with transaction() as write:
        # As no service does it: past the session, which records decisions.
        write.execute(update(Verdict.__table__).where(Verdict.id == given).values(changed))
    session().rollback()

    assert books.compared({}, 1)["audit_differs"] == 1
