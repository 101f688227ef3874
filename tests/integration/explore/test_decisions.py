"""What pages keep of people's decisions is, at every look, what the verdicts come to."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.support.patience import PATIENCE_S
from tests.support.queries import counted
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.explore import decisions as kept
from workbench.services.explore.decisions import decided_rows, judged_rows
from workbench.services.review import verdicts
from workbench.services.review.decision_changes import record_change
from workbench.services.review.decisions import final_decisions
from workbench.store.database import session, transaction
from workbench.store.judgements import DECISIONS, Adjudication, Verdict

pytestmark = pytest.mark.analysed

PEOPLE, IMAGES = 3, 4


@dataclass(frozen=True)
class Room:
    """A few people, and a few images of a collection that they decide on."""

    store: ColumnStore
    people: tuple[int, ...]
    images: tuple[int, ...]

    def give(self, person: int, image: int, decision: str) -> None:
        verdicts.give_verdict(
            self.people[person], self.images[image], self.store.version_id, decision
        )

    def withdraw(self, person: int) -> None:
        """Withdraw the newest verdict of a person that stands, where there is one."""
        newest = session().scalar(
            select(Verdict.id)
            .where(Verdict.user_id == self.people[person], Verdict.withdrawn_at.is_(None))
            .order_by(Verdict.id.desc())
            .limit(1)
        )
        if newest is not None:
            verdicts.withdraw_verdict(self.people[person], newest)

    def adjudicate(self, person: int, image: int, decision: str) -> None:
        image_id = self.images[image]
        with transaction() as write:
            write.add(
                Adjudication(image_id=image_id, user_id=self.people[person], decision=decision)
            )
            record_change(write, image_id)

    def shown(self) -> dict[int, str]:
        """What pages say of each image that they call judged."""
        ids = self.store.image_ids
        said = {
            int(image_id): decision
            for decision in DECISIONS
            for image_id in ids[decided_rows(self.store, decision)]
        }
        assert {int(each) for each in ids[judged_rows(self.store)]} == said.keys()
        return said

    def come_to(self) -> dict[int, str]:
        """What all verdicts and adjudications come to, read anew."""
        return final_decisions(self.store.collection_id)


@pytest.fixture
def room(version_id: int, ada: Account, ben: Account) -> Room:
    cleo = accounts.add_user("cleo", "correct horse battery", "annotator")
    store = column_store(version_id)
    images = tuple(int(each) for each in store.image_ids[:IMAGES])
    return Room(store, (ada.id, ben.id, cleo.id), images)


people = st.integers(0, PEOPLE - 1)
images = st.integers(0, IMAGES - 1)
steps = st.one_of(
    st.tuples(st.just(Room.give), people, images, st.sampled_from(DECISIONS)),
    st.tuples(st.just(Room.withdraw), people),
    st.tuples(st.just(Room.adjudicate), people, images, st.sampled_from(DECISIONS)),
    st.tuples(st.just(Room.shown)),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(steps, max_size=8), followed=st.sampled_from([0, 1, 1000]))
def test_whatever_people_do_pages_say_what_it_comes_to(
    room: Room, done: list[tuple[Callable[..., None], object]], followed: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "MOST_FOLLOWED", followed)
        for step, *given_to in done:
            step(room, *given_to)

        assert room.shown() == room.come_to()


def test_a_page_reads_what_is_new_and_not_what_was_decided_before(room: Room) -> None:
    for image in range(IMAGES):
        room.give(0, image, "real")
    room.shown()
    with counted() as unchanged:
        judged_rows(room.store)
    room.give(1, 0, "fake")

    with counted() as changed:
        judged_rows(room.store)

    assert len(unchanged) == 1
    assert not any("FROM verdict" in each for each in unchanged)
    assert len(changed) == 2
    assert room.shown()[room.images[0]] == "unsure"


@contextmanager
def beside(app: Flask, work: Callable[[], None]) -> Iterator[threading.Thread]:
    """Do some work in a thread with a session of its own; what it raises fails the test."""
    failed: list[BaseException] = []

    def run() -> None:
        with app.app_context():
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - told to the test
                failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert failed == []


def test_many_writers_at_once_lose_nothing(tables: Flask, room: Room) -> None:
    session().rollback()
    over = threading.Event()

    def write(person: int) -> Callable[[], None]:
        def work() -> None:
            random_ = random.Random(person)
            for _ in range(12):
                if random_.random() < 0.25:
                    room.withdraw(person)
                else:
                    room.give(person, random_.randrange(IMAGES), random_.choice(DECISIONS))

        return work

    def read() -> None:
        while not over.is_set():
            judged_rows(room.store)
            session().rollback()

    with beside(tables, read):
        with (
            beside(tables, write(0)),
            beside(tables, write(1)),
            beside(tables, write(2)),
        ):
            pass
        over.set()

    assert room.shown() == room.come_to()


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_verdict_that_is_committed_after_a_later_one_was_seen_is_seen_too(
    tables: Flask, room: Room, database_kind: str
) -> None:
    """SQLite lets one write at a time; there the second would wait for the first."""
    session().rollback()
    written, seen = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction() as write:
            image_id = room.images[0]
            write.add(
                Verdict(
                    image_id=image_id,
                    user_id=room.people[0],
                    decision="fake",
                    shown_label="real",
                )
            )
            write.flush()
            written.set()
            assert seen.wait(PATIENCE_S)
            record_change(write, image_id)

    with beside(tables, slowly):
        assert written.wait(PATIENCE_S)
        room.give(1, 1, "real")
        first = room.shown()
        session().rollback()
        seen.set()

    assert first == {room.images[1]: "real"}
    assert room.shown() == {room.images[0]: "fake", room.images[1]: "real"}


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_changes_are_seen_in_their_order(tables: Flask, room: Room, database_kind: str) -> None:
    session().rollback()
    numbered, on = threading.Event(), threading.Event()

    def first() -> None:
        with transaction() as write:
            image_id = room.images[0]
            write.add(
                Verdict(
                    image_id=image_id,
                    user_id=room.people[0],
                    decision="fake",
                    shown_label="real",
                )
            )
            record_change(write, image_id)
            numbered.set()
            assert on.wait(PATIENCE_S)

    with beside(tables, first):
        assert numbered.wait(PATIENCE_S)
        with beside(tables, lambda: room.give(1, 1, "real")) as second:
            second.join(0.3)
            waiting, before = second.is_alive(), room.shown()
            session().rollback()
            on.set()

    assert waiting
    assert before == {}
    assert room.shown() == {room.images[0]: "fake", room.images[1]: "real"}
