"""Adjudications and verdicts of before review queues stay as they were, up and down again."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import MetaData, inspect, select

from tests.support.rows import fill_every_table
from workbench.services.review.decisions import decisions_on
from workbench.store import migrating
from workbench.store.database import db, now, session, transaction
from workbench.store.judgements import Adjudication, Verdict
from workbench.store.queues import QueueClaim, QueueItem

QUEUES = {"review_queue", "queue_member", "queue_item", "queue_claim"}


def test_decisions_outlive_the_migrations_both_ways(app: Flask) -> None:
    with app.app_context():
        migrating.upgrade(db.engine)
        fill_every_table()
        with transaction() as write:
            known = write.scalars(select(Adjudication)).one()
            image_id = known.image_id
            write.add(
                Adjudication(
                    image_id=image_id, user_id=known.user_id, decision="fake", withdrawn_at=now()
                )
            )
        session().close()

        migrating.downgrade(db.engine, "0041")

        assert not QUEUES & set(inspect(db.engine).get_table_names())
        old = MetaData()
        old.reflect(db.engine, only=["adjudication", "verdict"])
        assert "withdrawn_at" not in old.tables["adjudication"].c
        assert "blind" not in old.tables["verdict"].c
        with db.engine.connect() as connection:
            left = connection.execute(select(old.tables["adjudication"].c.decision)).scalars().all()
        assert left == ["real"], "a withdrawn one would decide again"

        migrating.upgrade(db.engine)

        assert set(inspect(db.engine).get_table_names()) > QUEUES
        assert session().scalars(select(QueueItem)).all() == []
        adjudication = session().scalars(select(Adjudication)).one()
        assert (adjudication.withdrawn_at, adjudication.own_opinion) == (None, False)
        assert not adjudication.by_majority
        verdict = session().scalars(select(Verdict)).one()
        assert (verdict.blind, verdict.wrong_reason) == (False, False)
        assert decisions_on([image_id]) == {image_id: "real"}


def test_what_was_said_first_in_a_queue_is_taken_from_what_was_said(app: Flask) -> None:
    with app.app_context():
        migrating.upgrade(db.engine)
        fill_every_table()
        with transaction() as write:
            write.scalars(select(QueueClaim)).one().verdict_id = write.scalars(
                select(Verdict.id)
            ).one()
        session().close()

        migrating.downgrade(db.engine, "0046")
        migrating.upgrade(db.engine)

        said = session().scalars(select(Verdict.decision)).one()
        assert session().scalars(select(QueueClaim.first_decision)).one() == said
