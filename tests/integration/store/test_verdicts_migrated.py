"""Verdicts that were given against a label say, once migrated, what was meant."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import MetaData, Table, inspect, select
from sqlalchemy.exc import IntegrityError

from tests.support.rows import fill_every_table
from workbench.services.review.decisions import final_decisions
from workbench.services.training.dataset import final_labels
from workbench.store import migrating
from workbench.store.database import db, now, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Adjudication, Verdict

BEFORE = "0020"
REAL, FAKE, LEFT_ALONE = 1, 2, 3
"""Images, by what they were imported as."""
ADA, BEN, CLEO = 1, 2, 3

GIVEN = {
    11: (ADA, REAL, 1, "overturn"),
    12: (BEN, REAL, 2, "confirm"),
    13: (ADA, FAKE, 1, "confirm"),
    14: (BEN, FAKE, None, "overturn"),
    15: (CLEO, FAKE, 2, "confirm"),
    16: (ADA, LEFT_ALONE, 1, "unsure"),
    17: (BEN, LEFT_ALONE, None, "exclude"),
    18: (CLEO, REAL, 2, "overturn"),
}
"""Who judged which image by which version; the second one corrected the first image's label to
fake, and has not scored the others. The last verdict was withdrawn."""

MEANT = {
    11: ("fake", "real", 0.73),
    12: ("fake", "fake", 0.91),
    13: ("fake", "fake", 0.2),
    14: ("real", "fake", None),
    15: ("fake", "fake", None),
    16: ("unsure", "real", None),
    17: ("exclude", "real", None),
    18: ("real", "fake", 0.91),
}
"""What they decided, and what label and p(fake) they were shown."""


def reflected(*names: str) -> list[Table]:
    old = MetaData()
    old.reflect(db.engine, only=list(names))
    return [old.tables[each] for each in names]


def copied(row: Any, **changed: object) -> dict[str, object]:
    return {**row._asdict(), **changed}


@pytest.fixture
def judged_before(tables: Flask) -> None:
    """A database from before, in which people have judged images in every way there was."""
    fill_every_table()
    session().close()
    migrating.downgrade(db.engine, BEFORE)
    names = "user_account", "image", "model_version", "prediction", "verdict", "adjudication"
    user, image, version, prediction, verdict, adjudication = reflected(*names)
    with db.engine.begin() as connection:
        ada, first, made, scored, given, final = (
            connection.execute(select(each)).one()
            for each in (user, image, version, prediction, verdict, adjudication)
        )
        connection.execute(verdict.delete())
        connection.execute(adjudication.delete())
        rows: list[tuple[Table, dict[str, object]]] = [
            *((user, copied(ada, id=each, name=f"{each}")) for each in (BEN, CLEO)),
            (image, copied(first, id=FAKE, label="fake", content_hash="b", pixel_hash="b")),
            (image, copied(first, id=LEFT_ALONE, content_hash="c", pixel_hash="c")),
            (version, copied(made, id=2, number=2)),
            (prediction, copied(scored, image_id=FAKE, label="fake", p=0.2)),
            (prediction, copied(scored, version_id=2, label="fake", p=0.91)),
        ]
        for verdict_id, (user_id, image_id, version_id, decision) in GIVEN.items():
            row = copied(
                given,
                id=verdict_id,
                user_id=user_id,
                image_id=image_id,
                version_id=version_id,
                decision=decision,
                reason=f"because of {verdict_id}",
                withdrawn_at=now() if verdict_id == 18 else None,
            )
            rows.append((verdict, row))
        for image_id, decision in ((FAKE, "overturn"), (LEFT_ALONE, "confirm")):
            rows.append(
                (adjudication, copied(final, id=image_id, image_id=image_id, decision=decision))
            )
        for table, values in rows:
            connection.execute(table.insert(), values)


def names_of_indexes() -> set[str | None]:
    inspector = inspect(db.engine)
    return {
        each["name"]
        for table in ("verdict", "adjudication")
        for each in inspector.get_indexes(table)
    }


def meant() -> dict[int, tuple[str, str, float | None]]:
    found = session().scalars(select(Verdict).execution_options(populate_existing=True))
    return {each.id: (each.decision, each.shown_label, each.shown_p) for each in found}


def adjudicated() -> dict[int, str]:
    found = session().execute(select(Adjudication.image_id, Adjudication.decision))
    return dict(found.tuples().all())


@pytest.mark.usefixtures("judged_before")
def test_a_verdict_means_the_label_that_was_shown_or_its_opposite() -> None:
    indexes = names_of_indexes()
    migrating.upgrade(db.engine)

    assert meant() == MEANT
    assert adjudicated() == {FAKE: "real", LEFT_ALONE: "real"}
    assert {each.id for each in session().scalars(select(Verdict)) if each.withdrawn_at} == {18}
    assert session().get_one(Verdict, 14).reason == "because of 14"
    assert names_of_indexes() == indexes

    # Who confirmed the corrected label agrees with who corrected it.
    collection_id = session().get_one(Image, REAL).collection_id
    assert final_decisions(collection_id)[REAL] == "fake"
    [final] = [each for each in final_labels(collection_id) if each.image_id == REAL]
    assert (final.label, final.weight, final.overturned) == ("fake", 1.0, True)


@pytest.mark.usefixtures("judged_before")
def test_the_way_down_and_up_again_changes_no_verdict() -> None:
    migrating.upgrade(db.engine)
    session().close()
    migrating.downgrade(db.engine, BEFORE)
    verdict, adjudication = reflected("verdict", "adjudication")
    with db.engine.connect() as connection:
        below = (
            dict(connection.execute(select(verdict.c.id, verdict.c.decision)).tuples().all()),
            dict(
                connection.execute(select(adjudication.c.image_id, adjudication.c.decision))
                .tuples()
                .all()
            ),
        )
    migrating.upgrade(db.engine)

    assert below == (
        {verdict_id: decision for verdict_id, (*_, decision) in GIVEN.items()},
        {FAKE: "overturn", LEFT_ALONE: "confirm"},
    )
    assert meant() == MEANT


def test_the_database_refuses_what_is_no_decision(tables: Flask) -> None:
    fill_every_table()
    of = {"image_id": REAL, "user_id": ADA}
    for row in (
        Verdict(**of, decision="confirm", shown_label="real"),
        Verdict(**of, decision="real", shown_label="?"),
        Adjudication(**of, decision="overturn"),
    ):
        with pytest.raises(IntegrityError), transaction() as write:
            write.add(row)
