"""Removals of collections from before they said whether these were restricted."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import MetaData, insert, select

from workbench.store import migrating
from workbench.store.database import db, now, session
from workbench.store.removals import Removal

BEFORE = "0052"
RESTRICTED, OPENED_AGAIN, OPEN = 1, 2, 3


def test_what_was_restricted_when_it_was_removed_stays_hidden(app: Flask) -> None:
    with app.app_context():
        migrating.upgrade(db.engine, BEFORE)
        old = MetaData()
        old.reflect(db.engine, only=["removal", "audit_event"])
        events, removals = old.tables["audit_event"], old.tables["removal"]
        said = [(RESTRICTED, False), (RESTRICTED, True), (OPENED_AGAIN, True)]
        with db.engine.begin() as write:
            for of_it, restricted in (*said, (OPENED_AGAIN, False)):
                write.execute(
                    insert(events).values(
                        action="collection.members",
                        subject=f"collection:{of_it}",
                        after={"restricted": restricted, "members": []},
                        detail={},
                        at=now(),
                    )
                )
            for kind, of_it in (
                ("collection", RESTRICTED),
                ("collection", OPENED_AGAIN),
                ("collection", OPEN),
                ("image", RESTRICTED),
            ):
                write.execute(
                    insert(removals).values(
                        kind=kind, subject_id=of_it, collection_id=1, counts={}, requested_at=now()
                    )
                )

        migrating.upgrade(db.engine)

        found = session().execute(select(Removal.kind, Removal.subject_id, Removal.restricted))
        assert {each[:2] for each in found.tuples() if each[2]} == {("collection", RESTRICTED)}
        session().close()
        migrating.downgrade(db.engine, BEFORE)
