"""The database server that the integration tests run on."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from tests.support.postgres import Postgres


def test_postgres_starts_and_answers(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        version = connection.scalar(text("SHOW server_version_num"))
    engine.dispose()

    assert int(version) >= 160000


def test_each_database_is_empty_whatever_the_last_one_held(postgres: Postgres) -> None:
    tables = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    for _ in range(2):
        with postgres.fresh_database() as url:
            engine = create_engine(url)
            with engine.begin() as connection:
                assert connection.scalar(tables) == 0
                connection.execute(text("CREATE TABLE left_over (id integer)"))
            engine.dispose()


def test_a_database_is_dropped_even_while_someone_is_connected(postgres: Postgres) -> None:
    with postgres.fresh_database() as url:
        engine = create_engine(url)
        connection = engine.connect()
        connection.execute(text("SELECT 1"))

    connection.invalidate()
    engine.dispose()


def test_a_test_that_asks_for_a_database_runs_on_both_kinds(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()
