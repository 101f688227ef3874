"""One's own decisions are undone any time later, and done again, each by a new event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from tests.support.queries import counted
from tests.support.queueing import images, people, queue
from tests.support.rows import fill_every_table
from workbench.services import accounts, sign_in
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, ForbiddenError, NotFoundError
from workbench.services.people import administration
from workbench.services.queues import claims, judging
from workbench.services.review import history, tags, undo, verdicts
from workbench.services.review.decision_changes import changes_until_now
from workbench.services.review.history import Asked
from workbench.services.review.recording import KINDS, subject_of
from workbench.services.review.verdicts import Said
from workbench.store.database import Base, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import (
    Adjudication,
    CounterfactualNote,
    DismissedSuggestion,
    Tag,
    TagCheck,
    Tagging,
    Verdict,
)
from workbench.store.notes import NoteReply
from workbench.store.people import AuditEvent, User
from workbench.store.regions import DrawnRegion
from workbench.store.results import Pattern

UNDONE = (
    Verdict,
    Adjudication,
    Tagging,
    TagCheck,
    DismissedSuggestion,
    CounterfactualNote,
    NoteReply,
    DrawnRegion,
)


@pytest.fixture
def filled(tables: Flask) -> int:
    """Id of the person who decided everything in a database with a row in each table."""
    fill_every_table()
    return session().scalars(select(User.id)).one()


@pytest.fixture
def cleo(tables: Flask) -> Account:
    """An admin."""
    return accounts.add_user("cleo", "correct horse battery", "admin")


def only(table: type[Base]) -> Any:
    return session().scalars(select(table)).one()


def newest(subject: str) -> AuditEvent:
    found = select(AuditEvent).where(AuditEvent.subject == subject).order_by(AuditEvent.id.desc())
    return session().scalars(found).first() or pytest.fail(f"no event of {subject}")


def stands(table: type[Base]) -> bool:
    session().expire_all()
    return bool(only(table).withdrawn_at is None)


def test_every_kind_of_history_that_can_be_undone_is() -> None:
    assert {KINDS[table].name for table in UNDONE} == set(history.UNDOABLE) == set(undo._UNDOING)


@pytest.mark.parametrize("table", UNDONE)
def test_each_kind_is_undone_and_done_again_by_events_that_name_the_undone_one(
    filled: int, table: type[Base]
) -> None:
    subject = subject_of(only(table))
    first = newest(subject)

    undo.undo(filled, first.id)

    second = newest(subject)
    assert not stands(table)
    assert (second.undoes_id, second.user_id, second.after) == (first.id, filled, None)

    undo.undo(filled, second.id)

    third = newest(subject)
    assert stands(table)
    assert (third.undoes_id, third.before, third.after) == (second.id, None, first.after)


def test_what_is_undone_already_is_refused_with_when(filled: int) -> None:
    event = newest(subject_of(only(Verdict)))
    undo.undo(filled, event.id)

    with pytest.raises(ConflictError, match=r"undone this already, at \d{4}"):
        undo.undo(filled, event.id)


def test_only_who_decided_can_undo(filled: int, ben: Account) -> None:
    event = newest(subject_of(only(Verdict)))

    with pytest.raises(ConflictError, match="Only who decided this"):
        undo.undo(ben.id, event.id)

    assert stands(Verdict)


@pytest.mark.parametrize("withdrawn_before", [False, True])
def test_what_the_role_no_longer_allows_is_neither_undone_nor_done_again(
    filled: int, cleo: Account, *, withdrawn_before: bool
) -> None:
    subject = subject_of(only(Adjudication))
    if withdrawn_before:
        undo.undo(filled, newest(subject).id)
    mine = Asked(person_id=filled)
    event_id, counted_before = newest(subject).id, undo.count_undoable(filled, mine).count
    administration.set_role(cleo.id, filled, "annotator")

    with pytest.raises(ForbiddenError, match="Your role"):
        undo.undo(filled, event_id)

    assert stands(Adjudication) is not withdrawn_before
    assert undo.count_undoable(filled, mine).count == counted_before - 1
    shown = {each.id: each for each in history.history(mine).events}
    assert not shown[event_id].undoable
    assert shown[newest(subject_of(only(Verdict))).id].undoable


@pytest.mark.parametrize("role", ["annotator", "reviewer"])
def test_what_a_majority_decided_is_not_undone_by_who_gave_the_last_verdict(
    tables: Flask, cleo: Account, role: str
) -> None:
    collection_id, (image_id, *_) = images(1)
    three = people(3, role)
    queue_id = queue(collection_id, cleo, [image_id], verdicts_needed=3, disputes="majority")
    for person, decision in zip(three, ("real", "fake", "real"), strict=True):
        claims.claim(person.id, collection_id, queue_id)
        judging.judge(person.id, collection_id, queue_id, image_id, Said(decision), seen=None)
    last = three[2].id
    assert (only(Adjudication).user_id, only(Adjudication).by_majority) == (last, True)

    with pytest.raises((ConflictError, ForbiddenError)):
        undo.undo(last, newest(subject_of(only(Adjudication))).id)
    mine = Asked(person_id=last)
    assert [each.undoable for each in history.history(mine).events if "adjud" in each.subject] == [
        False
    ]
    assert undo.count_undoable(last, mine).count == 1, "the verdict"
    assert stands(Adjudication)

    undo.undo(last, undo.count_undoable(last, mine).newest)
    assert not stands(Adjudication), "it follows the verdict"
    with pytest.raises((ConflictError, ForbiddenError)):
        undo.undo(last, newest(subject_of(only(Adjudication))).id)


def test_what_somebody_else_changed_since_is_refused_with_who_and_when(
    filled: int, ben: Account
) -> None:
    event = newest(subject_of(only(Verdict)))
    with transaction() as write:
        write.execute(
            insert(AuditEvent).values(user_id=ben.id, action="verdict.move", subject=event.subject)
        )

    with pytest.raises(ConflictError, match=r"changed by ben at \d{4}"):
        undo.undo(filled, event.id)


@pytest.mark.parametrize("table", [Tag])
def test_what_is_not_undone_here_is_refused(filled: int, table: type[Base]) -> None:
    with pytest.raises(NotFoundError):
        undo.undo(filled, newest(subject_of(only(table))).id)


def test_what_was_removed_since_is_not_restored(filled: int) -> None:
    given = only(Verdict)
    undo.undo(filled, newest(subject_of(given)).id)
    withdrawal = newest(subject_of(given)).id
    with transaction() as write:
        write.delete(write.get_one(Verdict, given.id))

    with pytest.raises(NotFoundError, match="removed"):
        undo.undo(filled, withdrawal)


def test_a_verdict_is_not_restored_below_a_newer_one(filled: int) -> None:
    given = only(Verdict)
    image_id, collection_id = given.image_id, only(Image).collection_id
    subject = subject_of(given)
    before = changes_until_now(collection_id)
    undo.undo(filled, newest(subject).id)
    assert changes_until_now(collection_id) == before + 1
    again = verdicts.give_verdict(filled, image_id, None, "fake")

    with pytest.raises(ConflictError, match="judged this image again"):
        undo.undo(filled, newest(subject).id)

    standing = select(Verdict.id).where(Verdict.withdrawn_at.is_(None))
    assert session().scalars(standing).all() == [again.id]


def test_a_name_that_left_the_taxonomy_with_its_tag_returns_with_it(filled: int) -> None:
    made = tags.tag_pattern(filled, only(Pattern).id, "soft rim")
    event = newest(f"tagging:{made.id}")
    undo.undo(filled, event.id)
    assert "soft rim" not in tags.tag_names()

    undo.undo(filled, newest(f"tagging:{made.id}").id)

    assert "soft rim" in tags.tag_names()
    assert session().get_one(Tagging, made.id).withdrawn_at is None


def test_a_tag_is_not_restored_where_somebody_has_put_it_on_since(
    filled: int, ben: Account
) -> None:
    pattern_id = only(Pattern).id
    made = tags.tag_pattern(filled, pattern_id, "Blur")
    undo.undo(filled, newest(f"tagging:{made.id}").id)
    tags.tag_pattern(ben.id, pattern_id, "Blur")

    with pytest.raises(ConflictError, match="Already tagged “Blur” by ben since"):
        undo.undo(filled, newest(f"tagging:{made.id}").id)


def test_a_tag_is_not_restored_where_its_name_stands_for_another(filled: int, ben: Account) -> None:
    pattern_id = only(Pattern).id
    made = tags.tag_pattern(filled, pattern_id, "soft rim")
    undo.undo(filled, newest(f"tagging:{made.id}").id)
    tags.tag_pattern(ben.id, pattern_id, "Soft rim")

    with pytest.raises(ConflictError, match="already exists"):
        undo.undo(filled, newest(f"tagging:{made.id}").id)


def test_many_are_undone_at_once_exactly_as_counted_or_none(filled: int) -> None:
    image_id = only(Image).id
    for decision in ("fake", "unsure", "exclude"):
        verdicts.give_verdict(filled, image_id, None, decision)
    asked = Asked(person_id=filled, kind="verdict")
    seen = undo.count_undoable(filled, asked)
    assert (seen.count, seen.more) == (4, False)
    late = verdicts.give_verdict(filled, image_id, None, "real")

    with pytest.raises(ConflictError, match="Nothing was undone"):
        undo.undo_all(filled, asked, seen)
    verdicts.withdraw_verdict(filled, late.id)
    stale = replace(undo.count_undoable(filled, asked))
    assert undo.undo_all(filled, asked, stale) == 5

    standing = session().scalars(select(Verdict).where(Verdict.withdrawn_at.is_(None))).all()
    assert [each.id for each in standing] == [late.id]
    undoing = session().scalars(
        select(AuditEvent.undoes_id).where(AuditEvent.undoes_id.is_not(None))
    )
    assert len(set(undoing)) == 5


def test_a_refusal_amid_many_undoes_nothing(filled: int, ben: Account) -> None:
    pattern_id = only(Pattern).id
    made = tags.tag_pattern(filled, pattern_id, "Blur")
    tags.withdraw(filled, made.id)
    tags.tag_pattern(ben.id, pattern_id, "Blur")
    asked = Asked(person_id=filled)

    with pytest.raises(ConflictError, match="Already tagged"):
        undo.undo_all(filled, asked, undo.count_undoable(filled, asked))

    assert stands(Verdict)


def test_histories_are_of_an_image_a_tag_and_a_person_in_one_query(
    filled: int, ben: Account
) -> None:
    image_id, tag_id = only(Image).id, only(Tag).id

    with counted() as queries:
        of_image = history.history_of_image(image_id).events
    assert len(queries) == 1
    assert {each.action for each in of_image} >= {
        "verdict.give",
        "adjudication.give",
        "note.save",
        "tag.add",
        "tag.check",
    }
    assert {(each.image, each.by, each.collection) for each in of_image} == {
        ("a.png", "ada", "pictures")
    }
    of_tag = history.history_of_tag(tag_id).events
    assert [each.action for each in of_tag if each.subject == f"tag:{tag_id}"] == ["tag.create"]
    assert {each.tag for each in of_tag} == {"Blur"}
    assert history.history(Asked(person_id=ben.id)).events == ()


def test_a_history_is_read_page_by_page_and_limited_by_kind_collection_and_day(
    filled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = history.history(Asked(person_id=filled)).events
    monkeypatch.setattr(history, "EVENTS_A_PAGE", 3)
    shown, after = [], None
    while True:
        page = history.history(Asked(person_id=filled), after)
        shown += page.events
        after = page.after
        if after is None:
            break
    assert [each.id for each in shown] == [each.id for each in everything]

    of_kind = history.history(Asked(person_id=filled, kind="tag")).events
    assert {each.subject.partition(":")[0] for each in of_kind} == {"tag"}
    assert history.history(Asked(collection="elsewhere")).events == ()
    today = datetime.now(UTC).date()
    assert history.history(Asked(since=today, until=today)).events
    assert not history.history(Asked(until=today - timedelta(days=1))).events


def test_a_history_says_what_was_undone_and_what_can_be(filled: int) -> None:
    event = newest(subject_of(only(Verdict)))
    undo.undo(filled, event.id)

    found = {each.id: each for each in history.history(Asked(person_id=filled)).events}
    assert (found[event.id].undone, found[event.id].undoable) == (True, False)
    [undoing] = [each for each in found.values() if each.undoes_id == event.id]
    assert (undoing.undone, undoing.undoable) == (False, True)
    assert not found[newest(subject_of(only(Tag))).id].undoable


def test_who_signed_in_when_is_in_no_history(filled: int) -> None:
    sign_in.start(filled)

    assert not [
        each for each in history.history(Asked(person_id=filled)).events if "user" in each.subject
    ]


def test_an_export_has_every_event_once(filled: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_EXPORTED", 2)

    ids = [each["id"] for each in history.exported(Asked())]

    assert ids == session().scalars(select(AuditEvent.id).order_by(AuditEvent.id.desc())).all()
