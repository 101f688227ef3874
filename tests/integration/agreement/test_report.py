"""What people said of images and tags is compared as it stands in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from tests.support.queries import queries
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.agreement.overlaps import overlaps
from workbench.services.agreement.report import report
from workbench.services.agreement.tag_answers import tags
from workbench.services.agreement.verdicts import verdicts
from workbench.services.errors import NotFoundError
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import (
    Adjudication,
    DismissedSuggestion,
    Tag,
    Tagging,
    Verdict,
)
from workbench.store.queues import Queue, QueueItem
from workbench.store.regions import Region, RegionOverlap

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def image_ids(imported: int) -> list[int]:
    """Those of the collection, in order."""
    found = select(Image.id).where(Image.collection_id == imported).order_by(Image.id)
    return list(session().scalars(found))


@pytest.fixture
def eve(tables: object) -> Account:
    """An annotator."""
    return accounts.add_user("eve", "correct horse battery", "annotator")


def judge(person: Account, decisions: dict[int, str], at: datetime = MONDAY) -> None:
    with transaction() as write:
        write.add_all(
            Verdict(image_id=image_id, user_id=person.id, decision=decision, created_at=at)
            for image_id, decision in decisions.items()
        )


def make_tag(person: Account, name: str = "glare", at: datetime = MONDAY) -> int:
    with transaction() as write:
        tag = Tag(name=name, created_by_id=person.id, created_at=at)
        write.add(tag)
        write.flush()
        return tag.id


def put(person: Account, tag_id: int, image_id: int, at: datetime = MONDAY, left: int = 0) -> int:
    """Put a tag on a new region of an image; the region's id."""
    with transaction() as write:
        region = Region(
            image_id=image_id, rle=f"{image_id}{left}", left=left, top=0, width=9, height=9, area=81
        )
        write.add(region)
        write.flush()
        write.add(Tagging(tag_id=tag_id, region_id=region.id, user_id=person.id, created_at=at))
        return region.id


def said(collection_id: int, tag_id: int) -> dict[tuple[int, str], str]:
    """What people are taken to say of a tag, by image and name."""
    found = next(each for each in tags(collection_id, None) if each.id == tag_id).compared
    return {
        (int(found.image_ids[unit]), found.people[person].name): found.words[value]
        for unit, person, value in zip(
            found.answers.unit, found.answers.person, found.answers.value, strict=True
        )
    }


def test_the_newest_standing_verdict_of_each_person_counts(
    imported: int, image_ids: list[int], ada: Account, ben: Account
) -> None:
    first, second, third = image_ids[:3]
    judge(ada, {first: "real", second: "fake"})
    judge(ada, {first: "fake"})
    judge(ben, {first: "fake", second: "real", third: "fake"})
    with transaction() as write:
        write.scalars(
            select(Verdict).where(Verdict.user_id == ben.id, Verdict.image_id == second)
        ).one().withdrawn_at = MONDAY

    found = report(imported, None, "all", None).lines[0].agreement

    assert (found.units, found.splits, found.answers) == (1, 0, 4)
    assert found.raw.value == 1.0


def test_who_is_unsure_has_not_answered_where_labels_alone_count(
    imported: int, image_ids: list[int], ada: Account, ben: Account
) -> None:
    judge(ada, dict.fromkeys(image_ids[:4], "fake"))
    judge(ben, dict(zip(image_ids, ("fake", "unsure", "exclude", "real"), strict=False)))

    every = report(imported, None, "all", None).lines[0].agreement
    labels = report(imported, None, "labels", None).lines[0].agreement

    assert (every.units, every.splits) == (4, 3)
    assert (labels.units, labels.splits) == (2, 1)


def test_verdicts_on_another_collection_are_not_compared(
    imported: int, ada: Account, ben: Account
) -> None:
    other = session().scalars(select(Image.id).where(Image.collection_id != imported)).first()
    assert other is not None
    judge(ada, {other: "fake"})
    judge(ben, {other: "real"})

    assert report(imported, None, "all", None).lines[0].agreement.answers == 0


def test_pairs_weeks_and_splits_tell_who_when_and_on_what(
    imported: int, image_ids: list[int], ada: Account, ben: Account, eve: Account
) -> None:
    judge(ada, dict.fromkeys(image_ids[:4], "fake"))
    judge(ben, dict.fromkeys(image_ids[:2], "fake") | {image_ids[2]: "real"})
    judge(eve, {image_ids[2]: "real"}, MONDAY + timedelta(days=8))
    judge(eve, {image_ids[0]: "real"}, MONDAY + timedelta(days=6))
    with transaction() as write:
        write.add(Adjudication(image_id=image_ids[2], user_id=ben.id, decision="real"))

    closer = report(imported, None, "all", None).closer

    assert {
        (pair.first.name, pair.second.name): (pair.agreement.units, pair.agreement.splits)
        for pair in closer.pairs
    } == {("ada", "ben"): (3, 1), ("ada", "eve"): (2, 2), ("ben", "eve"): (2, 1)}
    assert [(each.monday.isoformat(), each.agreement.units) for each in closer.weeks] == [
        ("2026-03-02", 2),
        ("2026-03-09", 1),
    ]
    assert (closer.splits.total, closer.splits.waiting) == (2, 1)
    waiting, settled = closer.splits.shown
    assert (waiting.id, waiting.waiting) == (image_ids[0], True)
    assert waiting.said == (("fake", ("ada", "ben")), ("real", ("eve",)))
    assert (settled.id, settled.waiting) == (image_ids[2], False)


def test_what_others_have_yet_to_judge_on_their_own_is_not_told(
    imported: int, image_ids: list[int], ada: Account, ben: Account
) -> None:
    judge(ada, dict.fromkeys(image_ids[:2], "fake"))
    judge(ben, dict.fromkeys(image_ids[:2], "real"))
    with transaction() as write:
        queue = Queue(
            collection_id=imported,
            name="errors",
            source="slice",
            verdicts_needed=3,
            disputes="any",
            blind=True,
            independent=True,
            everybody=True,
            control_share=0.0,
            round_size=20,
            created_by_id=ada.id,
        )
        write.add(queue)
        write.flush()
        write.add(QueueItem(queue_id=queue.id, image_id=image_ids[0], position=0))

    found = report(imported, None, "all", None).closer.splits

    assert (found.total, found.waiting, found.held_back) == (2, 1, 1)
    assert [each.id for each in found.shown] == [image_ids[1]]


def test_silence_is_a_no_of_who_tags_and_looked_before_it_was_there(
    imported: int, image_ids: list[int], ada: Account, ben: Account, eve: Account
) -> None:
    early, late, unseen, none = image_ids[:4]
    tag_id = make_tag(ada)
    put(ben, make_tag(ben, "halo"), image_ids[9])  # ben tags; eve only judges
    judge(ben, {early: "fake", none: "real"}, MONDAY + timedelta(hours=1))
    judge(eve, {early: "fake"}, MONDAY + timedelta(hours=1))
    judge(ada, {none: "real"}, MONDAY + timedelta(hours=1))
    for image_id in (early, late, unseen):
        put(ada, tag_id, image_id, MONDAY + timedelta(hours=2))
    judge(ben, {late: "fake"}, MONDAY + timedelta(hours=3))

    assert said(imported, tag_id) == {
        (early, "ada"): "yes",
        (early, "ben"): "no",
        (none, "ada"): "no",
        (none, "ben"): "no",
    }


def test_who_looked_before_the_tag_was_in_the_taxonomy_did_not_answer(
    imported: int, image_ids: list[int], ada: Account, ben: Account
) -> None:
    put(ben, make_tag(ben, "halo"), image_ids[9])
    judge(ben, {image_ids[0]: "fake"}, MONDAY)
    tag_id = make_tag(ada, at=MONDAY + timedelta(hours=1))
    put(ada, tag_id, image_ids[0], MONDAY + timedelta(hours=2))

    assert said(imported, tag_id) == {}


def test_a_dismissal_says_no_and_a_region_of_ones_own_says_yes(
    imported: int, image_ids: list[int], ada: Account, ben: Account
) -> None:
    tag_id = make_tag(ada)
    region_id = put(ada, tag_id, image_ids[0])
    put(ada, tag_id, image_ids[1])
    put(ben, tag_id, image_ids[1], MONDAY + timedelta(hours=1), left=20)
    with transaction() as write:
        write.add(DismissedSuggestion(tag_id=tag_id, region_id=region_id, user_id=ben.id))

    assert said(imported, tag_id) == {
        (image_ids[0], "ada"): "yes",
        (image_ids[0], "ben"): "no",
        (image_ids[1], "ada"): "yes",
        (image_ids[1], "ben"): "yes",
    }
    closer = report(imported, None, "all", tag_id).closer
    assert [each.id for each in closer.splits.shown] == [image_ids[0]]


def test_regions_are_matched_with_the_best_of_the_other_person(
    imported: int, image_ids: list[int], ada: Account, ben: Account
) -> None:
    tag_id = make_tag(ada)
    mine = put(ada, tag_id, image_ids[0])
    far = put(ada, tag_id, image_ids[0], left=100)
    theirs = put(ben, tag_id, image_ids[0], left=3)
    put(ada, tag_id, image_ids[1])
    with transaction() as write:
        for one, other in ((mine, theirs), (theirs, mine)):
            write.add(RegionOverlap(region_id=one, other_id=other, share=0.75, iou=0.6))

    found = overlaps(imported, tag_id)

    assert far
    assert (found.images, found.regions) == (1, 3)
    assert found.counts == (1, 0, 0, 0, 0, 0, 2, 0, 0, 0)
    assert found.mean == pytest.approx(0.4)
    assert found.matched == pytest.approx(2 / 3)


def test_a_tag_that_nobody_put_on_a_region_has_no_figures(imported: int, ada: Account) -> None:
    with pytest.raises(NotFoundError):
        report(imported, None, "all", make_tag(ada))


def test_the_report_asks_as_often_for_many_answers_as_for_few(
    imported: int, image_ids: list[int], ada: Account, ben: Account
) -> None:
    tag_id = make_tag(ada)
    put(ada, tag_id, image_ids[0])
    judge(ada, {image_ids[0]: "real"})
    judge(ben, {image_ids[0]: "fake"})
    few = queries(lambda: report(imported, None, "all", tag_id))
    for person in (ada, ben):
        judge(person, dict.fromkeys(image_ids, "fake"))
        for name in "abcdefgh":
            put(person, make_tag(person, f"{person.name} {name}"), image_ids[3])

    assert few == queries(lambda: report(imported, None, "all", tag_id)) <= 10
    assert queries(lambda: report(imported, None, "all", None)) <= 10


def test_the_report_is_kept_until_somebody_decides(
    imported: int, image_ids: list[int], ada: Account, ben: Account
) -> None:
    judge(ada, {image_ids[0]: "real"})
    judge(ben, {image_ids[0]: "real"})
    first = report(imported, None, "all", None)

    assert queries(lambda: report(imported, None, "all", None)) == 1
    judge(ben, {image_ids[0]: "fake"})
    again = report(imported, None, "all", None)
    assert (first.lines[0].agreement.splits, again.lines[0].agreement.splits) == (0, 1)


def test_answers_of_verdicts_are_those_of_the_table(
    imported: int, image_ids: list[int], ada: Account, ben: Account
) -> None:
    rng = np.random.default_rng(2)
    for person in (ada, ben):
        judge(person, {each: str(rng.choice(["real", "fake"])) for each in image_ids})
    rows = session().execute(select(Verdict.image_id, Verdict.user_id, Verdict.decision)).all()

    found = verdicts(imported)

    assert {
        (int(found.image_ids[unit]), found.people[person].id, found.words[value])
        for unit, person, value in zip(
            found.answers.unit, found.answers.person, found.answers.value, strict=True
        )
    } == set(map(tuple, rows))
