"""A label set holds what was decided at one moment, and by which rule."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.labelling import adjudicate, draw, judge, note
from tests.support.queueing import images, people
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.label_sets.comparing import compare
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import images_of, label_set, label_sets
from workbench.services.removal.label_sets import delete_images
from workbench.services.review.findings import Finding
from workbench.services.training.dataset import final_labels
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Tag
from workbench.store.label_sets import LabelSet, LabelSetImage
from workbench.store.people import AuditEvent

TRIANGLE = ((0.0, 0.0), (8.0, 0.0), (0.0, 8.0))


@pytest.fixture
def team(tables: Flask) -> list[Account]:
    return people(2)


@pytest.fixture
def decided(team: list[Account], ben: Account) -> tuple[int, list[int]]:
    """Eight images: one for each rule, and an excluded one."""
    collection_id, ids = images(8)
    ada, bob = team
    judge(ids[1], "fake", ada, bob, reason="=too smooth")
    judge(ids[2], "real", ada)
    judge(ids[2], "fake", bob)
    judge(ids[3], "real", ada)
    adjudicate(ids[3], "fake", ben)
    adjudicate(ids[4], "fake", bob, by_majority=True)
    judge(ids[5], "exclude", ada)
    with transaction() as write:
        write.execute(update(Image).where(Image.id == ids[6]).values(label=None))
    draw(ids[0], ada, "Glare", *TRIANGLE, finding=Finding("on the lens", "minor"))
    note(ids[0], bob, "It falls.")
    return collection_id, ids


def rows_of(collection_id: int, number: int) -> dict[int, LabelSetImage]:
    its = select(LabelSet.id).where(
        LabelSet.collection_id == collection_id, LabelSet.number == number
    )
    rows = session().scalars(
        select(LabelSetImage).where(LabelSetImage.label_set_id == its.scalar_subquery())
    )
    return {row.image_id: row for row in rows}


def test_each_image_has_its_final_label_and_the_rule(
    decided: tuple[int, list[int]], ben: Account
) -> None:
    collection_id, ids = decided

    number = make_label_set(ben.id, collection_id, " the  first ", "before the retrain")

    rows = rows_of(collection_id, number)
    assert [(rows[each].label, rows[each].decision, rows[each].rule) for each in ids] == [
        ("real", None, "imported"),
        ("fake", "fake", "verdicts"),
        ("real", "unsure", "disputed"),
        ("fake", "fake", "adjudicated"),
        ("fake", "fake", "majority"),
        (None, "exclude", "verdicts"),
        (None, None, "none"),
        ("real", None, "imported"),
    ]
    assert {each.image_id: each.label for each in final_labels(collection_id)} == {
        image_id: row.label for image_id, row in rows.items() if row.label
    }
    assert rows[ids[1]].decided_at is not None
    assert rows[ids[0]].decided_at is None


def test_its_detail_tells_who_said_what_and_where(
    decided: tuple[int, list[int]], team: list[Account], ben: Account
) -> None:
    collection_id, ids = decided

    rows = rows_of(collection_id, make_label_set(ben.id, collection_id, "first"))

    first = json.loads(rows[ids[0]].detail)
    (region,) = first["regions"]
    assert (region["on"], region["size"], region["drawn_with"]) == ("picture", [10, 10], "polygon")
    assert [(tag["tag"], tag["reason"], tag["severity"]) for tag in region["tags"]] == [
        ("Glare", "on the lens", "minor")
    ]
    assert [(each["text"], each["by"]) for each in first["notes"]] == [("It falls.", team[1].name)]
    second = json.loads(rows[ids[1]].detail)
    assert [(each["by"], each["reason"]) for each in second["verdicts"]] == [
        (team[0].name, "=too smooth"),
        (team[1].name, "=too smooth"),
    ]
    fourth = json.loads(rows[ids[3]].detail)
    assert (fourth["adjudication"]["by"], fourth["adjudication"]["by_majority"]) == ("ben", False)


def test_it_is_numbered_counted_and_recorded(decided: tuple[int, list[int]], ben: Account) -> None:
    collection_id, _ids = decided
    newest = session().scalar(select(AuditEvent.id).order_by(AuditEvent.id.desc()).limit(1))

    make_label_set(ben.id, collection_id, "first")
    make_label_set(ben.id, collection_id, "second")

    shown = label_set(collection_id, 1)
    assert (shown.images, shown.labels) == (8, {"real": 3, "fake": 3, "none": 1, "exclude": 1})
    assert shown.rules == {
        "imported": 2,
        "verdicts": 2,
        "disputed": 1,
        "adjudicated": 1,
        "majority": 1,
        "none": 1,
    }
    assert (shown.tags, shown.regions, shown.notes) == ({"Glare": 1}, 1, 1)
    assert shown.event_id == newest
    assert [each.number for each in label_sets(collection_id)] == [2, 1]
    made = session().scalars(select(AuditEvent.after).where(AuditEvent.action == "label_set.make"))
    assert [each["number"] for each in made] == [1, 2]


def test_what_is_decided_later_leaves_it_as_it_is(
    decided: tuple[int, list[int]], team: list[Account], ben: Account
) -> None:
    collection_id, ids = decided
    make_label_set(ben.id, collection_id, "first")

    judge(ids[0], "fake", team[0])
    with transaction() as write:
        write.execute(update(Tag).values(name="Reflection", folded_name="reflection"))

    row = rows_of(collection_id, 1)[ids[0]]
    assert (row.label, row.rule) == ("real", "imported")
    assert json.loads(row.detail)["regions"][0]["tags"][0]["tag"] == "Glare"
    assert [each["name"] for each in session().scalars(select(LabelSet.taxonomy)).one()] == [
        "Glare"
    ]


def test_two_sets_tell_what_changed(
    decided: tuple[int, list[int]], team: list[Account], ben: Account
) -> None:
    collection_id, ids = decided
    make_label_set(ben.id, collection_id, "first")
    judge(ids[0], "fake", team[0])
    judge(ids[7], "exclude", team[0])
    draw(ids[1], ben, "Blur", *TRIANGLE)
    make_label_set(ben.id, collection_id, "second")

    found = compare(label_set(collection_id, 1).id, label_set(collection_id, 2).id)

    assert [(each.image_id, each.before, each.after) for each in found.relabelled.images] == [
        (ids[0], "real", "fake"),
        (ids[7], "real", "exclude"),
    ]
    assert found.moves == {("real", "fake"): 1, ("real", "exclude"): 1}
    assert (found.tags_gained, found.tags_lost) == ({"Blur": 1}, {})
    assert [each.image_id for each in found.gained.images] == [ids[1]]
    assert (found.added.count, found.removed.count, found.same) == (0, 0, False)
    back = compare(label_set(collection_id, 2).id, label_set(collection_id, 1).id)
    assert back.tags_lost == {"Blur": 1}
    same = label_set(collection_id, 1).id
    assert compare(same, same).same


def test_a_takedown_takes_an_image_out_and_is_told_of(
    decided: tuple[int, list[int]], ben: Account, settings: Settings
) -> None:
    collection_id, ids = decided
    make_label_set(ben.id, collection_id, "first")

    with transaction() as write:
        assert delete_images(write, [ids[0], ids[3]], settings) == []

    shown = label_set(collection_id, 1)
    assert (shown.images, shown.removed, shown.tags) == (6, 2, {})
    assert shown.labels == {"real": 2, "fake": 2, "none": 1, "exclude": 1}
    assert ids[0] not in rows_of(collection_id, 1)
    make_label_set(ben.id, collection_id, "second")
    found = compare(label_set(collection_id, 1).id, label_set(collection_id, 2).id)
    assert [(each.image_id, each.after) for each in found.added.images] == [
        (ids[0], "real"),
        (ids[3], "fake"),
    ]


def test_images_are_paged_by_label_and_rule(decided: tuple[int, list[int]], ben: Account) -> None:
    collection_id, ids = decided
    make_label_set(ben.id, collection_id, "first")
    its = label_set(collection_id, 1).id

    def found(**asked: str) -> list[int]:
        return [each.image_id for each in images_of(its, **asked).images]

    assert found(label="fake") == [ids[1], ids[3], ids[4]]
    assert found(label="none") == [ids[6]]
    assert found(label="exclude") == [ids[5]]
    assert found(rule="imported") == [ids[0], ids[7]]
    assert images_of(its, after=ids[6]).after is None


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\x00b"])
def test_a_name_that_cannot_be_one_is_refused(name: str, tables: Flask) -> None:
    ben = accounts.add_user("ben", "correct horse battery", "reviewer")
    with pytest.raises(InvalidError):
        make_label_set(ben.id, 1, name)


def test_another_collections_set_is_not_found(decided: tuple[int, list[int]], ben: Account) -> None:
    make_label_set(ben.id, decided[0], "first")

    with pytest.raises(NotFoundError):
        label_set(decided[0] + 1, 1)
