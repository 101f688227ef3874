"""Every decision leaves an event: who, when, what, before and after, and what it concerns."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, inspect, select, update
from sqlalchemy.exc import DatabaseError

from tests.support.rows import fill_every_table
from workbench.services import audit
from workbench.services.accounts import Account
from workbench.services.audit import Concerned
from workbench.services.review import recording
from workbench.services.review.recording import KINDS, subject_of
from workbench.store.database import Base, now, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Adjudication, Tag, TagCheck, TaggedRegion, Tagging, Verdict
from workbench.store.people import AuditEvent, User
from workbench.store.regions import Region
from workbench.store.results import Pattern

BY_SERVICES = {"data_action", "webhook"}
"""Their services record them: what was done about a finding, one event for many images; and what
admins did to webhooks, which says nothing of an image."""


def events(subject: str) -> list[AuditEvent]:
    found = select(AuditEvent).where(AuditEvent.subject == subject).order_by(AuditEvent.id)
    return list(session().scalars(found))


def only(table: type[Base]) -> Any:
    return session().scalars(select(table)).one()


def test_every_table_of_what_people_decide_is_recorded() -> None:
    withdrawable = {
        name for name, table in Base.metadata.tables.items() if "withdrawn_at" in table.columns
    }

    assert {each.__tablename__ for each in KINDS} == {
        *(withdrawable - BY_SERVICES),
        "adjudication",
    }


@pytest.mark.parametrize("table", KINDS)
def test_a_row_of_each_table_leaves_an_event_when_made_withdrawn_and_restored(
    tables: Flask, table: type[Base]
) -> None:
    fill_every_table()
    row = only(table)
    ada = only(User).id
    [made] = events(subject_of(row))

    assert (made.user_id, made.before) == (ada, None)
    assert made.after
    if "withdrawn_at" not in inspect(table).columns:
        return
    for moment in (now(), None):
        with transaction() as write:
            audit.acting(write, ada)
            write.get_one(table, row.id).withdrawn_at = moment

    _made, gone, back = events(subject_of(row))
    assert (gone.before, gone.after) == (made.after, None)
    assert (back.before, back.after) == (None, made.after)
    assert {each.user_id for each in (gone, back)} == {ada}
    assert gone.action == KINDS[table].withdrawn
    assert back.action == KINDS[table].restored


def test_events_say_which_image_tag_collection_and_version_they_concern(tables: Flask) -> None:
    fill_every_table()
    image, tag, pattern = only(Image), only(Tag), only(Pattern)
    with transaction() as write:
        on_pattern = Tagging(tag_id=tag.id, pattern_id=pattern.id, user_id=tag.created_by_id)
        several = Tagging(tag_id=tag.id, user_id=tag.created_by_id)
        write.add_all([on_pattern, several])
        write.flush()
        regions = write.scalars(select(Region.id)).all()
        write.add_all([TaggedRegion(tagging_id=several.id, region_id=each) for each in regions])
    of_region = session().scalars(select(Tagging).where(Tagging.region_id.is_not(None))).one()

    def concerned(row: Base) -> Concerned:
        [event] = events(subject_of(row))
        return Concerned(event.image_id, event.tag_id, event.collection_id, event.version_id)

    here = image.collection_id
    assert concerned(only(Verdict)) == Concerned(image.id, None, here, None)
    assert concerned(only(Adjudication)) == Concerned(image.id, None, here, None)
    assert concerned(of_region) == Concerned(image.id, tag.id, here, None)
    assert concerned(only(TagCheck)) == Concerned(image.id, tag.id, here, None)
    assert concerned(on_pattern) == Concerned(None, tag.id, here, pattern.version_id)
    assert concerned(several) == Concerned(None, tag.id, here, None)
    assert concerned(tag) == Concerned(None, tag.id, None, None)
    [told] = events(subject_of(several))
    assert told.after == {"tag": "Blur", "regions": len(regions)}


def test_no_words_about_an_image_are_in_its_events(tables: Flask) -> None:
    fill_every_table()
    given = only(Verdict)
    with transaction() as write:
        write.add(
            Verdict(
                image_id=given.image_id,
                user_id=given.user_id,
                decision="fake",
                reason="Her name is Jane.",
            )
        )

    told = [str(each.after) for each in session().scalars(select(AuditEvent))]
    assert not [each for each in told if "Jane" in each or "blur is what" in each]


def test_a_changed_row_says_only_what_changed_and_who_did_it(tables: Flask, ben: Account) -> None:
    fill_every_table()
    tag = only(Tag)
    with transaction() as write:
        audit.acting(write, ben.id)
        write.get_one(Tag, tag.id).description = "Out of focus."

    event = events(f"tag:{tag.id}")[-1]
    assert (event.action, event.user_id) == ("tag.describe", ben.id)
    assert (event.before, event.after) == ({"description": ""}, {"description": "Out of focus."})


def test_what_was_rolled_back_left_no_event_and_nobody_acting(tables: Flask, ben: Account) -> None:
    fill_every_table()
    known = len(session().scalars(select(AuditEvent)).all())
    given = only(Verdict)
    session().rollback()
    write = session()
    audit.acting(write, ben.id)
    write.add(Verdict(image_id=given.image_id, user_id=given.user_id, decision="fake"))
    write.flush()
    write.rollback()
    with transaction() as write:
        write.add(Verdict(image_id=given.image_id, user_id=given.user_id, decision="unsure"))

    found = session().scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert len(found) == known + 1
    assert found[-1].after is not None
    assert (found[-1].user_id, found[-1].after["decision"]) == (given.user_id, "unsure")


def test_what_a_service_records_of_a_row_itself_is_not_recorded_twice(tables: Flask) -> None:
    fill_every_table()
    tag = only(Tag)
    with transaction() as write:
        write.get_one(Tag, tag.id).withdrawn_at = now()
        audit.record(write, tag.created_by_id, "tag.merge", f"tag:{tag.id}", into=9)

    event = events(f"tag:{tag.id}")[-1]
    assert (event.action, event.tag_id, event.detail) == ("tag.merge", tag.id, {"into": 9})
    assert len(events(f"tag:{tag.id}")) == 2


def test_the_database_refuses_to_change_or_delete_an_event(tables: Flask) -> None:
    fill_every_table()
    known = session().scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()

    for statement in (update(AuditEvent).values(action="x"), delete(AuditEvent)):
        with pytest.raises(DatabaseError), transaction() as write:
            write.execute(statement)

    found = session().scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert found == known


def test_listening_twice_records_once(tables: Flask) -> None:
    recording.listen()
    fill_every_table()

    assert len(events(subject_of(only(Verdict)))) == 1
