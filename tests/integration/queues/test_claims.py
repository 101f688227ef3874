"""Each person is given one image after the other, nobody one twice, and no image to too many."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.integration.people.conftest import Browser
from tests.support.at_once import at_once
from tests.support.queueing import images, people, queue
from workbench.services import accounts
from workbench.services.errors import (
    ConflictError,
    EditConflictError,
    InvalidError,
    NotFoundError,
)
from workbench.services.people import administration, membership
from workbench.services.queues import claims, judging, leading, walking
from workbench.services.queues.claims import AT_HAND, Claimed, claim, renew
from workbench.services.queues.disagreements import disputed_images
from workbench.services.queues.forecast import judged_by_day
from workbench.services.queues.judging import judge
from workbench.services.queues.leading import choose_people, end, hand_over, pause
from workbench.services.queues.leases import LEASE
from workbench.services.queues.progress import queue_view, queues
from workbench.services.queues.rounds import round_of
from workbench.services.queues.walking import undo_last
from workbench.services.review import undo, verdicts
from workbench.services.review.decisions import decisions_on
from workbench.services.review.verdicts import Said
from workbench.store.database import now, session, transaction
from workbench.store.failures import DatabaseBusyError
from workbench.store.judgements import Verdict
from workbench.store.people import AuditEvent
from workbench.store.queues import QueueClaim, QueueItem

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """How far the clock is off, to be set by tests."""
    off = [timedelta()]

    def moved() -> datetime:
        return now() + off[0]

    monkeypatch.setattr(claims, "now", moved)
    monkeypatch.setattr(judging, "now", moved)
    monkeypatch.setattr(leading, "now", moved)
    return off


def said_by(person_id: int, image_id: int) -> list[str]:
    return [
        each.decision
        for each in session().scalars(
            select(Verdict).where(Verdict.image_id == image_id, Verdict.user_id == person_id)
        )
    ]


def test_eight_people_at_once_give_each_image_exactly_two_verdicts_of_different_people(
    tables: Flask,
) -> None:
    eight = people(8)
    collection_id, ids = images(200)
    queue_id = queue(collection_id, eight[0], ids)
    failures: list[Exception] = []
    given: Counter[int] = Counter()
    outside: list[int] = []

    def step(number: int, chance: Random) -> bool:
        person = eight[number]
        held = claim(person.id, collection_id, queue_id).image_ids
        if not held:
            return False
        if chance.random() < 0.05:
            claim(person.id, collection_id, queue_id, after=held[0])
            return True
        said = Said(chance.choice(("real", "fake")))
        judged = judge(person.id, collection_id, queue_id, held[0], said, seen=None)
        given[number] += 1
        if not judged.counted:
            outside.append(judged.verdict.id)
        return True

    def work(number: int) -> None:
        chance = Random(number)
        try:
            with tables.app_context():
                more = True
                while more:
                    # Who is told that others write waits a moment, as a browser does.
                    with suppress(DatabaseBusyError):
                        more = step(number, chance)
        except Exception as error:  # noqa: BLE001 - told to the test, whatever it is
            failures.append(error)

    threads = [threading.Thread(target=work, args=(each,)) for each in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert not failures
    assert not outside, "nobody's turn had run out"
    of_images = session().execute(
        select(Verdict.image_id, func.count(), func.count(Verdict.user_id.distinct())).group_by(
            Verdict.image_id
        )
    )
    assert {image_id: (all_, people_) for image_id, all_, people_ in of_images} == dict.fromkeys(
        ids, (2, 2)
    )
    assert sum(given.values()) == 400, "nothing lost"
    assert not session().scalar(select(func.count()).select_from(QueueItem).where(QueueItem.open))
    view = queue_view(collection_id, queue_id, eight[0].id)
    assert (view.line.done, view.line.needed, view.left, view.line.state) == (400, 400, 0, "done")
    assert {each.name: each.judged for each in view.people} == {
        eight[number].name: count for number, count in given.items()
    }


def test_people_hold_different_images_where_each_needs_one_verdict() -> None:
    ada, ben = people(2)
    collection_id, ids = images(3)
    queue_id = queue(collection_id, ada, ids, verdicts_needed=1)

    first = claim(ada.id, collection_id, queue_id).image_ids
    second = claim(ben.id, collection_id, queue_id).image_ids

    assert len(first) == AT_HAND
    assert [*first, *second] == ids
    assert claim(ada.id, collection_id, queue_id).image_ids == first, "a reload shows the same"
    judge(ada.id, collection_id, queue_id, first[0], Said("fake"), seen=0)
    assert claim(ada.id, collection_id, queue_id).image_ids == first[1:], "ben has the last"


def test_a_skipped_image_comes_back_after_all_others_and_others_may_be_given_it() -> None:
    ada, ben = people(2)
    collection_id, ids = images(3)
    queue_id = queue(collection_id, ada, ids, verdicts_needed=1)
    first = claim(ada.id, collection_id, queue_id).image_ids[0]

    after = claim(ada.id, collection_id, queue_id, after=first).image_ids

    assert after == tuple(ids[1:])
    assert claim(ben.id, collection_id, queue_id).image_ids == (first,)
    claim(ben.id, collection_id, queue_id, after=first)
    for each in after:
        judge(ada.id, collection_id, queue_id, each, Said("real"), seen=0)
    assert claim(ada.id, collection_id, queue_id).image_ids == (first,)


def test_a_lease_that_runs_out_gives_the_image_to_somebody_else(clock: list[timedelta]) -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    queue_id = queue(collection_id, ada, ids, verdicts_needed=1)
    [item] = claim(ada.id, collection_id, queue_id).image_ids
    clock[0] = LEASE / 2
    assert renew(ada.id, collection_id, queue_id, item)
    clock[0] = LEASE
    assert claim(ben.id, collection_id, queue_id).image_ids == (), "it was renewed"
    clock[0] = 2 * LEASE
    assert not renew(ada.id, collection_id, queue_id, item)
    assert claim(ben.id, collection_id, queue_id).image_ids == (item,)

    late = judge(ada.id, collection_id, queue_id, item, Said("fake"), seen=0)
    counted = judge(ben.id, collection_id, queue_id, item, Said("real"), seen=0)

    assert (late.counted, counted.counted) == (False, True)
    assert "your turn at it had run out" in late.why_not
    assert said_by(ada.id, ids[0]) == ["fake"], "it is kept on the image"
    assert queue_view(collection_id, queue_id, None).line.done == 1


def test_a_verdict_after_a_lost_lease_counts_while_the_image_needs_one(
    clock: list[timedelta],
) -> None:
    [ada] = people(1)
    collection_id, ids = images(1)
    queue_id = queue(collection_id, ada, ids, verdicts_needed=1)
    [item] = claim(ada.id, collection_id, queue_id).image_ids
    clock[0] = 3 * LEASE

    assert judge(ada.id, collection_id, queue_id, item, Said("fake"), seen=0).counted
    assert queue_view(collection_id, queue_id, None).line.state == "done"


def test_a_clock_that_is_set_back_holds_nothing_for_longer(clock: list[timedelta]) -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    queue_id = queue(collection_id, ada, ids, verdicts_needed=1)
    clock[0] = timedelta(days=2)
    [item] = claim(ada.id, collection_id, queue_id).image_ids
    clock[0] = timedelta()

    assert claim(ben.id, collection_id, queue_id).image_ids == (item,)
    assert judge(ben.id, collection_id, queue_id, item, Said("real"), seen=0).counted


def test_what_is_left_of_who_is_gone_goes_to_others(clock: list[timedelta]) -> None:
    ada, ben = people(2)
    collection_id, ids = images(2)
    queue_id = queue(collection_id, ben, ids, verdicts_needed=1)
    held = claim(ada.id, collection_id, queue_id).image_ids
    administration.deactivate(None, ada.id)

    with pytest.raises(ConflictError, match="do not take part"):
        claim(ada.id, collection_id, queue_id)
    clock[0] = 2 * LEASE
    assert claim(ben.id, collection_id, queue_id).image_ids == held


def test_an_image_that_needs_more_verdicts_than_there_are_people_stays_open() -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    queue_id = queue(collection_id, ada, ids, verdicts_needed=3)
    for person in (ada, ben):
        [item] = claim(person.id, collection_id, queue_id).image_ids
        assert judge(person.id, collection_id, queue_id, item, Said("fake"), seen=0).counted
        assert claim(person.id, collection_id, queue_id).image_ids == ()
    view = queue_view(collection_id, queue_id, None)
    assert (view.left, view.line.state) == (1, "open")
    assert (view.able, view.too_few) == (2, True)


def test_a_withdrawn_verdict_opens_the_image_again_for_anybody() -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    queue_id = queue(collection_id, ada, ids, verdicts_needed=1)
    [item] = claim(ada.id, collection_id, queue_id).image_ids
    given = judge(ada.id, collection_id, queue_id, item, Said("fake"), seen=0)
    assert claim(ben.id, collection_id, queue_id).image_ids == ()

    verdicts.withdraw_verdict(ada.id, given.verdict.id)

    assert queue_view(collection_id, queue_id, None).left == 1
    assert claim(ben.id, collection_id, queue_id).image_ids == (item,)
    claim(ben.id, collection_id, queue_id, after=item)
    newest = select(func.max(AuditEvent.id)).where(
        AuditEvent.subject == f"verdict:{given.verdict.id}"
    )
    undo.undo(ada.id, session().scalars(newest).one())
    assert queue_view(collection_id, queue_id, None).left == 0
    assert claim(ben.id, collection_id, queue_id).image_ids == ()


def test_a_verdict_given_while_another_is_withdrawn_is_counted_with_what_stands_then(
    tables: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    queue_id = queue(collection_id, ada, ids, verdicts_needed=2)
    for person in (ada, ben):
        claim(person.id, collection_id, queue_id)
    given = judge(ada.id, collection_id, queue_id, ids[0], Said("fake"), seen=None).verdict
    withdrawing, judged = threading.Event(), threading.Event()
    record = verdicts.record_change

    def dawdle(write: Session, image_id: int) -> None:
        withdrawing.set()
        judged.wait(1)
        record(write, image_id)

    monkeypatch.setattr(verdicts, "record_change", dawdle)

    def withdraw() -> None:
        with tables.app_context():
            verdicts.withdraw_verdict(ada.id, given.id)

    thread = threading.Thread(target=withdraw)
    thread.start()
    withdrawing.wait(20)
    judge(ben.id, collection_id, queue_id, ids[0], Said("fake"), seen=None)
    judged.set()
    thread.join()

    session().rollback()
    assert session().scalars(select(QueueItem.open)).one(), "one verdict stands, of two"


def test_somebody_may_change_their_verdict_and_a_second_key_in_haste_may_not() -> None:
    [ada] = people(1)
    collection_id, ids = images(1)
    queue_id = queue(collection_id, ada, ids, verdicts_needed=1)
    [item] = claim(ada.id, collection_id, queue_id).image_ids
    first = judge(ada.id, collection_id, queue_id, item, Said("fake"), seen=0)

    with pytest.raises(EditConflictError):
        judge(ada.id, collection_id, queue_id, item, Said("real"), seen=0)
    judge(ada.id, collection_id, queue_id, item, Said("unsure"), seen=first.verdict.id)

    assert decisions_on(ids) == {ids[0]: "unsure"}
    assert queue_view(collection_id, queue_id, None).line.done == 1


def test_disagreement_by_majority_is_settled_and_by_any_goes_to_a_reviewer() -> None:
    three = people(3)
    collection_id, ids = images(2)
    for disputes, image_id in (("majority", ids[0]), ("any", ids[1])):
        made = queue(collection_id, three[0], [image_id], verdicts_needed=3, disputes=disputes)
        for person, decision in zip(three, ("fake", "real", "fake"), strict=True):
            [item] = claim(person.id, collection_id, made).image_ids
            judge(person.id, collection_id, made, item, Said(decision), seen=0)

    assert decisions_on(ids) == {ids[0]: "fake", ids[1]: "unsure"}
    assert [each.image_id for each in disputed_images(collection_id).images] == [ids[1]]


def test_what_is_still_gathering_verdicts_is_not_sent_to_a_reviewer_yet() -> None:
    three = people(3)
    collection_id, ids = images(1)
    made = queue(collection_id, three[0], ids, verdicts_needed=3)
    for person, decision in zip(three, ("fake", "real", "fake"), strict=True):
        assert disputed_images(collection_id).total == 0
        [item] = claim(person.id, collection_id, made).image_ids
        judge(person.id, collection_id, made, item, Said(decision), seen=0)
    assert disputed_images(collection_id).total == 1


def test_a_blind_verdict_keeps_neither_label_nor_score() -> None:
    [ada] = people(1)
    collection_id, ids = images(2)
    made = queue(collection_id, ada, ids[:1])
    [item] = claim(ada.id, collection_id, made).image_ids
    given = judge(ada.id, collection_id, made, item, Said("fake"), seen=0).verdict
    row = session().get_one(Verdict, given.id)
    assert (row.blind, row.shown_label, row.shown_p, row.version_id) == (True, None, None, None)

    seeing = queue(collection_id, ada, ids[1:], blind=False)
    [item] = claim(ada.id, collection_id, seeing).image_ids
    given = judge(ada.id, collection_id, seeing, item, Said("fake"), seen=0).verdict
    row = session().get_one(Verdict, given.id)
    assert (row.blind, row.shown_label) == (False, "real")


def test_controls_are_mixed_in_and_told_of_as_the_round_ends() -> None:
    ada, ben = people(2)
    collection_id, ids = images(40)
    known = dict.fromkeys(ids[20:], "fake")
    made = queue(
        collection_id,
        ada,
        ids[:20],
        controls=known,
        verdicts_needed=2,
        control_share=0.5,
        round_size=10,
    )
    wrong = 0
    ended = None
    while ended is None:
        image_id = claim(ada.id, collection_id, made).image_ids[0]
        decision = "fake" if image_id in known and wrong else "real"
        wrong += image_id in known and decision == "real"
        ended = judge(ada.id, collection_id, made, image_id, Said(decision), seen=0).ends_round

    told = round_of(ada.id, collection_id, made, ended)
    assert (ended, told.judged) == (1, 10)
    assert told.controls, "half of the images are controls"
    assert [each.right for each in told.controls].count(False) == wrong
    assert told.shared == 0
    view = queue_view(collection_id, made, ada.id)
    [person] = view.people
    assert person.controls == len(told.controls)
    assert person.controls_right == told.controls_right
    assert view.line.done == person.judged == 10 - len(told.controls)
    with pytest.raises(NotFoundError):
        round_of(ben.id, collection_id, made, 1)


def test_one_person_who_asks_in_four_tabs_at_once_is_given_images_in_each(tables: Flask) -> None:
    (ada,) = people(1)
    collection_id, ids = images(8)
    for _ in range(5):
        known = dict.fromkeys(ids[2:3], "fake")
        made = queue(collection_id, ada, ids[:2], controls=known, control_share=0.5)

        held = at_once(tables, *(partial(claim, ada.id, collection_id, made) for _ in range(4)))

        assert all(isinstance(each, Claimed) and each.image_ids for each in held)


def test_people_who_ask_for_the_last_images_at_once_do_not_wait_for_each_other(
    tables: Flask,
) -> None:
    four = people(4)
    collection_id, ids = images(2)
    for _ in range(5):
        made = queue(collection_id, four[0], ids, verdicts_needed=2)

        held = at_once(tables, *(partial(claim, each.id, collection_id, made) for each in four))

        given = Counter(
            image for each in held if isinstance(each, Claimed) for image in each.image_ids
        )
        assert set(given.values()) == {2}, "each image to as many as it needs"


def test_who_judges_cannot_tell_a_control_by_the_figures_that_they_are_shown() -> None:
    ada, ben = people(2)
    collection_id, ids = images(12)
    known = dict.fromkeys(ids[8:], "fake")
    made = queue(
        collection_id,
        ada,
        ids[:8],
        controls=known,
        verdicts_needed=1,
        control_share=0.5,
        round_size=4,
    )

    def shown() -> tuple[object, ...]:
        """What the page of the queue, the list and the dashboard say."""
        view = queue_view(collection_id, made, ada.id, leads=False)
        (line,) = queues(collection_id, ada.id, leads=False)
        days = judged_by_day([made], leads=False).get(made, Counter())
        return line.done, line.state, view.line, view.finished, view.left, view.ahead, days

    judged: list[int] = []
    before = shown()
    while len(judged) < 7:
        image_id = claim(ada.id, collection_id, made).image_ids[0]
        judge(ada.id, collection_id, made, image_id, Said("real"), seen=0)
        judged.append(image_id)
        plain = sum(each not in known for each in judged)
        [person] = queue_view(collection_id, made, ben.id, leads=False).people
        assert person.judged == len(judged), "controls, too"
        assert queue_view(collection_id, made, ben.id).line.done == plain, "a lead may know"
        if len(judged) == 4:
            line = queue_view(collection_id, made, ada.id, leads=False).line
            assert line.done == plain, "she is told of the controls now"
            before = shown()
        assert shown() == before
    end(ben.id, collection_id, made)
    assert queue_view(collection_id, made, ada.id, leads=False).line.done == plain


def test_who_loses_access_to_a_collection_drops_out_of_its_queues(tables: Flask) -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    for members in ((), (ada, ben)):
        membership.save(None, "many", [], restricted=False)
        made = queue(collection_id, ben, ids, verdicts_needed=1, members=members)
        assert claim(ada.id, collection_id, made).image_ids == (ids[0],)
        assert claim(ben.id, collection_id, made).image_ids == (), "she holds it"

        membership.save(None, "many", [ben.id], restricted=True)

        with pytest.raises(ConflictError, match="do not take part"):
            claim(ada.id, collection_id, made)
        assert not renew(ada.id, collection_id, made, ids[0])
        assert claim(ben.id, collection_id, made).image_ids == (ids[0],), "at once"
        view = queue_view(collection_id, made, ben.id)
        assert {each.name: each.sees for each in view.people} == {ada.name: False, ben.name: True}
        assert view.able == 1
        assert leading.active_people(collection_id) == ((ben.id, ben.name),)
        for choose in (
            lambda made=made: choose_people(
                ben.id, collection_id, made, [ada.id, ben.id], everybody=False
            ),
            lambda made=made: hand_over(ben.id, collection_id, made, ben.id, ada.id),
        ):
            with pytest.raises(InvalidError, match="does not see the collection"):
                choose()
        judged = judge(ada.id, collection_id, made, ids[0], Said("real"), seen=None)
        assert not judged.counted, "it is kept, and is not the queue's"
        verdicts.withdraw_verdict(ada.id, judged.verdict.id)


def test_who_is_deactivated_or_no_admin_any_more_holds_nothing(tables: Flask) -> None:
    ada, ben = people(2)
    accounts.add_user("cleo", "correct horse battery", "admin")
    collection_id, ids = images(2)
    made = queue(collection_id, ben, ids, verdicts_needed=1)
    membership.save(None, "many", [ben.id], restricted=True)
    administration.set_role(None, ada.id, "admin")
    assert claim(ada.id, collection_id, made).image_ids

    administration.set_role(None, ada.id, "reviewer")
    assert len(claim(ben.id, collection_id, made).image_ids) == 2
    administration.deactivate(None, ben.id)

    view = queue_view(collection_id, made, None)
    assert {each.name: each.holding for each in view.people} == {ada.name: 0, ben.name: 0}


def test_controls_are_not_told_of_within_a_round_nor_corrected_after_it() -> None:
    [ada] = people(1)
    collection_id, ids = images(5)
    known = dict.fromkeys(ids[2:4], "fake")
    made = queue(collection_id, ada, ids[:2], controls=known, verdicts_needed=1, round_size=20)
    for image_id in known:
        assert not judge(ada.id, collection_id, made, image_id, Said("fake"), seen=None).counted
    assert queue_view(collection_id, made, ada.id).people == (), "they were not given to them"

    with transaction() as write:
        items = select(QueueItem.id).where(QueueItem.image_id.in_(known))
        write.add_all(
            QueueClaim(item_id=each, user_id=ada.id, claimed_at=now())
            for each in write.scalars(items)
        )
    claim(ada.id, collection_id, made)
    for image_id in (*known, ids[0]):
        assert judge(ada.id, collection_id, made, image_id, Said("real"), seen=None).counted
        with pytest.raises(NotFoundError):
            round_of(ada.id, collection_id, made, 1)
    judge(ada.id, collection_id, made, ids[1], Said("real"), seen=None)
    assert round_of(ada.id, collection_id, made, 1).controls_right == 0, "nothing is left for her"

    judge(ada.id, collection_id, made, ids[2], Said("fake"), seen=None)
    undo_last(ada.id, collection_id, made)
    judge(ada.id, collection_id, made, ids[2], Said("fake"), seen=None)

    told = round_of(ada.id, collection_id, made, 1)
    assert (told.controls_right, len(told.controls)) == (0, 2)
    [person] = queue_view(collection_id, made, ada.id).people
    assert (person.controls, person.controls_right) == (2, 0)
    assert said_by(ada.id, ids[2]) == ["fake", "real", "fake", "fake"], "they stay on the image"


def test_an_undo_in_a_queue_is_done_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    [ada] = people(1)
    collection_id, ids = images(1)
    made = queue(collection_id, ada, ids, verdicts_needed=1)
    claim(ada.id, collection_id, made)
    given = judge(ada.id, collection_id, made, ids[0], Said("real"), seen=None).verdict

    def die() -> datetime:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(walking, "now", die)
        with pytest.raises(KeyboardInterrupt):
            undo_last(ada.id, collection_id, made)

    assert session().get_one(Verdict, given.id).withdrawn_at is None
    assert undo_last(ada.id, collection_id, made) == ids[0]
    assert renew(ada.id, collection_id, made, ids[0])


def test_an_address_of_a_queue_tells_no_control_from_other_images(tables: Flask) -> None:
    [ada] = people(1)
    collection_id, ids = images(5)
    known = {ids[0]: "fake", ids[3]: "real"}
    plain = [ids[1], ids[4]]
    made = queue(collection_id, ada, plain, controls=known, verdicts_needed=1, control_share=0.5)
    leading.name_control(ada.id, collection_id, made, ids[2], "fake")
    tables.config["WTF_CSRF_ENABLED"] = False
    reader = Browser(tables).sign_in(ada)
    start = f"/c/many/queues/{made}"
    shown = set()
    address = reader.post(f"{start}/claims").location
    while address != start:
        before, _, image_id = address.rpartition("/")
        assert before == f"{start}/images", "by the id that its picture has"
        shown.add(int(image_id))
        address = reader.post(address, decision="real", seen="0").location
    assert {*plain} <= shown <= {*ids}


def test_a_lead_names_people_hands_over_pauses_and_ends() -> None:
    ada, ben, cleo = people(3)
    collection_id, ids = images(4)
    made = queue(collection_id, ada, ids, verdicts_needed=1, members=(ada, ben))
    with pytest.raises(ConflictError, match="do not take part"):
        claim(cleo.id, collection_id, made)
    held = claim(ben.id, collection_id, made).image_ids

    assert hand_over(ada.id, collection_id, made, ben.id, ada.id) == 2
    assert claim(ada.id, collection_id, made).image_ids == held

    choose_people(ada.id, collection_id, made, [ben.id], everybody=False)
    kept = judge(ada.id, collection_id, made, held[0], Said("fake"), seen=0)
    assert not kept.counted, "ada is no member any more"
    assert said_by(ada.id, held[0]) == ["fake"]
    assert claim(ben.id, collection_id, made).image_ids == held

    pause(ada.id, collection_id, made, paused=True)
    with pytest.raises(ConflictError, match="paused"):
        claim(ben.id, collection_id, made)
    assert judge(ben.id, collection_id, made, held[0], Said("real"), seen=0).counted
    pause(ada.id, collection_id, made, paused=False)
    end(ada.id, collection_id, made)
    with pytest.raises(ConflictError, match="ended"):
        claim(ben.id, collection_id, made)
    assert not judge(ben.id, collection_id, made, held[1], Said("real"), seen=0).counted
    events = select(AuditEvent.action).where(AuditEvent.subject == f"queue:{made}")
    assert session().scalars(events.order_by(AuditEvent.id)).all() == [
        "queue.hand_over",
        "queue.people",
        "queue.pause",
        "queue.resume",
        "queue.end",
    ]


def test_what_needs_no_verdict_any_more_is_not_handed_over(clock: list[timedelta]) -> None:
    ada, ben, cleo = people(3)
    collection_id, ids = images(3)
    made = queue(collection_id, ada, ids, verdicts_needed=1)
    claim(ada.id, collection_id, made)
    clock[0] = 2 * LEASE
    assert claim(ben.id, collection_id, made).image_ids == tuple(ids[:2])
    judge(ben.id, collection_id, made, ids[0], Said("real"), seen=None)

    assert hand_over(ada.id, collection_id, made, ada.id, cleo.id) == 0, "ben has both"
    assert claim(cleo.id, collection_id, made).image_ids == (ids[2],)
    assert judge(ben.id, collection_id, made, ids[1], Said("real"), seen=None).counted


def test_a_queue_of_another_collection_is_not_found() -> None:
    [ada] = people(1)
    collection_id, ids = images(1)
    made = queue(collection_id, ada, ids)
    with pytest.raises(NotFoundError):
        claim(ada.id, collection_id + 1, made)
    with pytest.raises(NotFoundError):
        judge(ada.id, collection_id, made, 10**6, Said("real"), seen=0)
    assert not session().scalar(select(func.count()).select_from(QueueClaim))
