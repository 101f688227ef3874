"""What others say of an image is told on no page to who has yet to judge it blind."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.integration.people.conftest import Browser
from tests.support.queueing import images, people, queue
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.errors import NotFoundError
from workbench.services.queues.claims import claim
from workbench.services.queues.disagreements import disagreement, disputed_images, next_disputed
from workbench.services.queues.judging import judge
from workbench.services.queues.leading import end
from workbench.services.queues.walking import item_view
from workbench.services.review import blinding, verdicts
from workbench.services.review.history import Asked, history
from workbench.services.review.labels import standing_label
from workbench.services.review.verdicts import Said

pytestmark = pytest.mark.usefixtures("tables")


def told(image_id: int, person: Account | None) -> tuple[list[str], list[str]]:
    """Whose verdicts an account, or a stranger, is told of: on the image, and in its history."""
    token = blinding.read_as(person.id if person else None)
    try:
        of_image = verdicts.history(image_id)
        assert standing_label(image_id, "real", of_image).verdicts == of_image
        events = history(Asked(image_id=image_id, kind="verdict")).events
        return [each.by for each in of_image], [each.by for each in events]
    finally:
        blinding.read_by_nobody(token)


def test_verdicts_of_others_are_told_once_one_has_decided_or_the_queue_has_ended() -> None:
    ada, ben, cleo, dan = people(4)
    collection_id, ids = images(1)
    made = queue(collection_id, ada, ids, verdicts_needed=3, members=(ada, ben, cleo))
    for person, decision in ((ada, "fake"), (ben, "real")):
        [item] = claim(person.id, collection_id, made).image_ids
        judge(person.id, collection_id, made, item, Said(decision), seen=0)

    both = [ben.name, ada.name]
    assert told(ids[0], ada) == (both, both), "they have decided"
    assert told(ids[0], dan) == (both, both), "they take no part"
    assert told(ids[0], cleo) == ([], [])
    assert told(ids[0], None) == ([], []), "a stranger may be anybody"
    verdicts.give_verdict(cleo.id, ids[0], None, "fake")
    assert told(ids[0], cleo) == ([cleo.name], [cleo.name]), "they know what they said themselves"

    end(ada.id, collection_id, made)
    everybody = [cleo.name, *both]
    assert told(ids[0], cleo) == told(ids[0], None) == (everybody, everybody)


def test_who_has_to_judge_an_image_in_another_queue_is_not_told_in_the_first() -> None:
    ada, ben = people(2)
    collection_id, ids = images(1)
    first, second = (queue(collection_id, ada, ids, verdicts_needed=2) for _each in range(2))
    for person in (ada, ben):
        [item] = claim(person.id, collection_id, first).image_ids
        judge(person.id, collection_id, first, item, Said("fake"), seen=None)

    token = blinding.read_as(ben.id)
    shown = item_view(ben.id, collection_id, first, item).told
    assert shown is not None
    assert shown.others == ()
    blinding.read_by_nobody(token)
    for person in (ada, ben):
        [item] = claim(person.id, collection_id, second).image_ids
        judge(person.id, collection_id, second, item, Said("fake"), seen=None)
    token = blinding.read_as(ben.id)
    shown = item_view(ben.id, collection_id, second, item).told
    assert shown is not None
    assert [each.by for each in shown.others] == [ada.name]
    blinding.read_by_nobody(token)


def test_no_address_tells_what_others_say_before_one_has_judged(tables: Flask) -> None:
    ada, ben, cleo = people(3)
    lead = accounts.add_user("lead", "correct horse battery", "reviewer")
    collection_id, ids = images(2)
    made = queue(collection_id, lead, ids[:1], verdicts_needed=3, members=(ada, ben, cleo))
    for person, decision in ((ada, "fake"), (ben, "real")):
        [item] = claim(person.id, collection_id, made).image_ids
        judge(person.id, collection_id, made, item, Said(decision, "pores"), seen=0)
        verdicts.give_verdict(person.id, ids[1], None, decision, "fingers")
    reader = Browser(tables).sign_in(cleo)

    pages = {
        url: reader.get(url)
        for url in (
            f"/people/{ada.id}/history",
            f"/history/export?format=jsonl&image={ids[0]}",
            "/history/export?format=csv",
            f"/c/many/disagreements/{ids[0]}",
        )
    }
    statuses = [each.status_code for each in pages.values()]
    assert statuses == [200, 200, 200, 404]
    assert all("0.png" not in each.text for each in pages.values())
    assert "1.png" in pages["/history/export?format=csv"].text, "others are told of"
    assert "0.png" in Browser(tables).sign_in(lead).get("/history/export?format=csv").text


def test_an_image_that_one_has_to_judge_waits_for_another_reviewer() -> None:
    ada, ben, cleo = people(3, "reviewer")
    collection_id, ids = images(2)
    for person, decision in ((ada, "fake"), (ben, "real")):
        for image_id in ids:
            verdicts.give_verdict(person.id, image_id, None, decision)
    done = queue(collection_id, ada, ids[:1], verdicts_needed=1, blind=False)
    [item] = claim(ada.id, collection_id, done).image_ids
    judge(ada.id, collection_id, done, item, Said("fake"), seen=None)
    queue(collection_id, ada, ids[:1], members=(cleo,))

    for person, waiting in ((ben, ids), (cleo, ids[1:])):
        token = blinding.read_as(person.id)
        assert [each.image_id for each in disputed_images(collection_id).images] == waiting
        assert next_disputed(collection_id, ids[1]) == (ids[0] if len(waiting) == 2 else None)
        if person is cleo:
            with pytest.raises(NotFoundError, match="once you have judged"):
                disagreement(collection_id, ids[0])
        else:
            assert disagreement(collection_id, ids[0]).newest_verdict
        blinding.read_by_nobody(token)
