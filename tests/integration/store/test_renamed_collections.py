"""Collections of older installations are reachable under a name that can stand in an address."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from workbench.store import migrating
from workbench.store.database import db, session, transaction
from workbench.store.images import Collection


def test_collections_are_renamed_where_their_name_cannot_stand_in_an_address(app: Flask) -> None:
    with app.app_context():
        migrating.upgrade(db.engine)
        with transaction() as write:
            for name in ("a/b", "a-b", ".", "..", "v1.2", "x/" * 40):
                write.add(Collection(name=name, title=name))
        migrating.downgrade(db.engine, "0016")

        migrating.upgrade(db.engine)

        found = session().execute(select(Collection.title, Collection.name)).tuples().all()
        assert dict(found) == {
            "a/b": "a-b-2",
            "a-b": "a-b",
            ".": "-",
            "..": "--",
            "v1.2": "v1.2",
            "x/" * 40: "x-" * 40,
        }
