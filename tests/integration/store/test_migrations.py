"""The tables can be made, taken away and made again, with data in them."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, select

from tests.support.rows import fill_every_table
from workbench.store import migrating
from workbench.store.database import Base, db, session
from workbench.store.people import User


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
