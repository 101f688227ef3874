"""The tables can be made, taken away and made again, with data in them."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import MetaData, inspect, select

from tests.support.rows import fill_every_table
from workbench.store import migrating
from workbench.store.database import Base, db, now, session
from workbench.store.judgements import TagCheck, Tagging
from workbench.store.people import AuditEvent, User


@pytest.fixture
def migrated(app: Flask) -> Flask:
    with app.app_context():
        migrating.upgrade(db.engine)
    return app


def test_a_fresh_database_has_exactly_the_tables_of_the_models(migrated: Flask) -> None:
    with migrated.app_context(), db.engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert difference == []


def test_every_constraint_has_a_name(migrated: Flask) -> None:
    with migrated.app_context():
        inspector = inspect(db.engine)
        for table in Base.metadata.tables:
            assert inspector.get_pk_constraint(table)["name"]
            for constraint in (
                *inspector.get_foreign_keys(table),
                *inspector.get_unique_constraints(table),
                *inspector.get_check_constraints(table),
            ):
                assert constraint["name"], (table, constraint)


def test_down_and_up_again_works_with_rows_in_every_table(migrated: Flask) -> None:
    with migrated.app_context():
        fill_every_table()
        session().close()
        migrating.downgrade(db.engine, "base")
        left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        migrating.upgrade(db.engine)
        fill_every_table()

        assert left == set()
        assert session().scalar(select(User.name)) == "ada"


def test_upgrading_twice_keeps_what_is_there(migrated: Flask) -> None:
    with migrated.app_context():
        fill_every_table()
        migrating.upgrade(db.engine)

        assert migrating.is_current(db.engine)
        for table in Base.metadata.sorted_tables:
            assert session().execute(select(table)).first() is not None, table.name


def test_a_database_without_tables_is_not_current(app: Flask) -> None:
    with app.app_context():
        assert not migrating.is_current(db.engine)


def test_tags_that_stand_doubled_become_one_with_all_that_was_checked(migrated: Flask) -> None:
    with migrated.app_context():
        fill_every_table()
        session().close()
        migrating.downgrade(db.engine, "0007")
        old = MetaData()
        old.reflect(db.engine)
        tagging, check = old.tables["tagging"], old.tables["tag_check"]
        with db.engine.begin() as connection:
            given = connection.execute(select(tagging)).one()._asdict()
            asked = connection.execute(select(check)).one()._asdict()
            of_pattern = {**given, "pixel_group_id": None, "pattern_id": 1}
            copies = [
                *({**given, "id": each} for each in (12, 13)),
                *({**of_pattern, "id": each} for each in (21, 22)),
                {**given, "id": 31, "withdrawn_at": now()},
            ]
            for each in copies:
                connection.execute(tagging.insert(), each)
            connection.execute(check.insert(), {**asked, "id": 99, "tagging_id": 22})

        migrating.upgrade(db.engine)

        rows = select(Tagging.id).order_by(Tagging.id)
        standing = session().scalars(rows.where(Tagging.withdrawn_at.is_(None))).all()
        assert standing == [given["id"], 21]
        assert session().scalars(rows).all() == [given["id"], 12, 13, 21, 22, 31]
        assert session().get_one(TagCheck, 99).tagging_id == 21
        told = select(AuditEvent.subject, AuditEvent.detail).where(
            AuditEvent.action == "tag.withdraw"
        )
        assert [tuple(each) for each in session().execute(told.order_by(AuditEvent.subject))] == [
            ("tagging:12", {"doubled": given["id"]}),
            ("tagging:13", {"doubled": given["id"]}),
            ("tagging:22", {"doubled": 21}),
        ]
