"""Events from before they said what they concern say it after the migration, and back again."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import MetaData, select

from tests.support.rows import fill_every_table
from workbench.store import migrating
from workbench.store.database import db, now, session
from workbench.store.images import Image
from workbench.store.judgements import Tag, TagCheck, Tagging, Verdict
from workbench.store.people import AuditEvent


def test_events_of_earlier_say_what_they_concern(app: Flask) -> None:
    with app.app_context():
        migrating.upgrade(db.engine)
        fill_every_table()
        image, tag = (session().scalars(select(table)).one() for table in (Image, Tag))
        verdict, check = (session().scalars(select(table)).one() for table in (Verdict, TagCheck))
        tagging = session().scalars(select(Tagging)).one()
        image_id, tag_id, collection_id = image.id, tag.id, image.collection_id
        subjects = {
            "verdict.give": f"verdict:{verdict.id}",
            "tag.add": f"tagging:{tagging.id}",
            "tag.check": f"tag_check:{check.id}",
            "tag.describe": f"tag:{tag_id}",
            "verdict.withdraw": "verdict:999",
        }
        session().close()
        migrating.downgrade(db.engine, "0037")
        old = MetaData()
        old.reflect(db.engine)
        event = old.tables["audit_event"]
        details = {
            "verdict.give": {"decision": "real"},
            "tag.add": {"tag": "Blur"},
            "tag.check": {"fits": True},
            "tag.describe": {"before": {"name": "a 'b'"}, "after": {"name": "Blur"}},
            "verdict.withdraw": {},
        }
        with db.engine.begin() as connection:
            connection.execute(event.delete())
            connection.execute(
                event.insert(),
                [
                    {"action": action, "subject": subject, "detail": details[action], "at": now()}
                    for action, subject in subjects.items()
                ],
            )

        migrating.upgrade(db.engine)

        found = {each.action: each for each in session().scalars(select(AuditEvent))}
        concerned = {
            action: (each.image_id, each.tag_id, each.collection_id)
            for action, each in found.items()
        }
        assert concerned == {
            "verdict.give": (image_id, None, collection_id),
            "tag.add": (image_id, tag_id, collection_id),
            "tag.check": (image_id, tag_id, collection_id),
            "tag.describe": (None, tag_id, None),
            "verdict.withdraw": (None, None, None),
        }
        assert found["verdict.give"].after == {"decision": "real"}
        assert found["tag.describe"].before == {"name": "a 'b'"}
        assert found["tag.describe"].after == {"name": "Blur"}
        assert found["verdict.withdraw"].after is None
        session().close()

        migrating.downgrade(db.engine, "0037")

        with db.engine.connect() as connection:
            back = connection.execute(select(event.c.action, event.c.detail)).tuples().all()
        assert dict(back) == details
        migrating.upgrade(db.engine)


def test_what_was_recorded_since_is_read_by_the_release_before(app: Flask) -> None:
    with app.app_context():
        migrating.upgrade(db.engine)
        fill_every_table()
        session().scalars(select(Tag)).one().description = "Soft."
        session().commit()
        session().close()

        migrating.downgrade(db.engine, "0037")

        old = MetaData()
        old.reflect(db.engine)
        event = old.tables["audit_event"]
        with db.engine.connect() as connection:
            told = dict(connection.execute(select(event.c.action, event.c.detail)).tuples().all())
        assert told["verdict.give"]["decision"] == "real"
        assert told["tag.describe"] == {
            "before": {"description": ""},
            "after": {"description": "Soft."},
        }
        migrating.upgrade(db.engine)
