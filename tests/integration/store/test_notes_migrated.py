"""Notes from before replays have one on the version that they were written on, by the same rule."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import MetaData, select

from tests.support.rows import fill_every_table
from workbench.services.review.expectations import Expected, is_met
from workbench.store import migrating
from workbench.store.database import db, session
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import NoteReplay
from workbench.store.versions import ModelVersion

LIMITS = (-0.3, 0.3)
CHANGES = (-0.31, -0.3, 0.0, 0.3, 0.31)


def test_notes_of_earlier_are_met_as_their_page_said(app: Flask) -> None:
    with app.app_context():
        migrating.upgrade(db.engine)
        fill_every_table()
        version_id = session().scalars(select(ModelVersion.id)).one()
        session().close()
        migrating.downgrade(db.engine, "0040")
        old = MetaData()
        old.reflect(db.engine)
        note = old.tables["counterfactual_note"]
        cases = [
            (expectation, change, limits)
            for expectation in ("fall", "rise", "stay")
            for change in CHANGES
            for limits in (LIMITS, (None, None))
        ]
        with db.engine.begin() as connection:
            known = connection.execute(select(note)).one()._asdict()
            for number, (expectation, change, (low, high)) in enumerate(cases, start=10):
                limited = {"control_low": low, "control_high": high, "delta_logit": change}
                row = {**known, "id": number, "expectation": expectation, **limited}
                connection.execute(note.insert(), row)
            connection.execute(note.insert(), {**known, "id": 900, "version_id": None})

        migrating.upgrade(db.engine)

        replays = {each.note_id: each for each in session().scalars(select(NoteReplay))}
        assert set(replays) == {known["id"], *range(10, 10 + len(cases))}
        assert {each.version_id for each in replays.values()} == {version_id}
        for number, (expectation, change, limits) in enumerate(cases, start=10):
            interval = None if limits == (None, None) else LIMITS
            wanted = is_met(Expected(expectation), known["p_after"], change, interval)
            assert replays[number].met is wanted, (expectation, change, limits)
        assert replays[10].p_after == known["p_after"]
        session().close()

        migrating.downgrade(db.engine, "0040")

        with db.engine.connect() as connection:
            left = connection.execute(select(note.c.id, note.c.text)).tuples().all()
        assert len(left) == len(cases) + 2
        migrating.upgrade(db.engine)
        assert len(session().scalars(select(CounterfactualNote)).all()) == len(cases) + 2
