"""Accounts from before names were folded, and open links of resets, once migrated."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import MetaData, insert, select

from workbench.store import migrating
from workbench.store.database import db, now, session
from workbench.store.people import PasswordReset, User

BEFORE = "0049"
NAMES = {1: "Ada", 2: "ADA", 3: "ben", 4: "\ufdfa" * 6}


def test_the_first_of_accounts_that_read_alike_has_the_name_and_a_link_its_author(
    app: Flask,
) -> None:
    with app.app_context():
        migrating.upgrade(db.engine, BEFORE)
        old = MetaData()
        old.reflect(db.engine, only=["user_account", "password_reset", "audit_event"])
        accounts, resets, events = (
            old.tables[each] for each in ("user_account", "password_reset", "audit_event")
        )
        with db.engine.begin() as write:
            for number, name in NAMES.items():
                plain = {"password_hash": "x", "role": "admin", "created_at": now()}
                write.execute(insert(accounts).values(id=number, name=name, **plain))
            for at, author in ((1, 2), (2, 3)):
                write.execute(
                    insert(events).values(
                        id=at,
                        user_id=author,
                        action="user.reset",
                        subject="user:1",
                        detail={},
                        at=now(),
                    )
                )
            for person in (1, 3):
                write.execute(
                    insert(resets).values(
                        user_id=person, token_hash=str(person), created_at=now(), expires_at=now()
                    )
                )

        migrating.upgrade(db.engine)

        folded = dict(session().execute(select(User.id, User.folded_name)).tuples().all())
        assert folded == {1: "ada", 2: None, 3: "ben", 4: None}
        made_by = select(PasswordReset.user_id, PasswordReset.made_by_id)
        assert dict(session().execute(made_by).tuples().all()) == {1: 3, 3: None}
        session().close()
        migrating.downgrade(db.engine, BEFORE)
        with db.engine.connect() as read:
            assert (
                dict(read.execute(select(accounts.c.id, accounts.c.name)).tuples().all()) == NAMES
            )
