"""Merging tags: what bears one bears the other, in one change, which can be reversed."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.integration.taxonomy.conftest import Book, basis, many, snapshot
from tests.support.queries import counted
from workbench.services.errors import ConflictError, InvalidError
from workbench.services.review import tags
from workbench.services.taxonomy.basis import PreviewChangedError
from workbench.services.taxonomy.operations import merge, move
from workbench.services.taxonomy.reversal import reverse
from workbench.store.database import session, transaction
from workbench.store.judgements import Tag, Tagging
from workbench.store.people import AuditEvent
from workbench.store.tag_changes import TagChange, TagChangeItem, TagExample


def merged(book: Book, tag_id: int, into_id: int) -> int:
    return merge(book.ben, tag_id, into_id, basis(tag_id, into_id))


def test_what_bears_one_bears_the_other_and_nothing_bears_it_twice(book: Book) -> None:
    haze, blur = book.tag("haze", 0, 1, 2), book.tag("blur", 2, 3)
    before = snapshot()

    change = merged(book, haze, blur)

    assert (book.on(haze), book.on(blur)) == ([], [0, 1, 2, 3])
    effects = session().execute(
        select(TagChangeItem.effect, func.count()).group_by(TagChangeItem.effect)
    )
    assert dict(effects.tuples().all()) == {"moved": 2, "withdrawn": 1}
    assert session().get_one(TagChange, change).moved == 3
    event = session().scalars(select(AuditEvent).where(AuditEvent.action == "taxonomy.merge")).one()
    assert (event.user_id, event.subject) == (book.ben, f"tag:{haze}")
    assert (event.detail["other"], event.detail["taggings"]) == (blur, 3)
    assert event.after == {"replaced_by_id": blur, "standing": False}

    reverse(book.ada, change)

    assert snapshot() == before
    assert (book.on(haze), book.on(blur)) == ([0, 1, 2], [2, 3])


def test_a_reversal_can_be_reversed_too(book: Book) -> None:
    haze, blur = book.tag("haze", 0, 1), book.tag("blur", 1)
    change = merged(book, haze, blur)
    after = snapshot()

    again = reverse(book.ada, reverse(book.ada, change))

    assert snapshot() == after
    reverse(book.ada, again)
    assert (book.on(haze), book.on(blur)) == ([0, 1], [1])


def test_the_name_of_the_merged_tag_means_the_other_one(book: Book) -> None:
    haze, blur = book.tag("haze", 0), book.tag("blur")
    merged(book, haze, blur)

    with transaction() as write:
        found = tags.tag_named(write, book.ada, "Haze").id

    assert found == blur
    assert tags.tag_names() == ("blur",)


def test_children_and_examples_go_with_it(book: Book) -> None:
    haze, blur = book.tag("haze"), book.tag("blur")
    child = book.tag("mist", parent_id=haze)
    with transaction() as write:
        for tag_id, region in ((haze, 0), (haze, 1), (blur, 1)):
            write.add(
                TagExample(
                    tag_id=tag_id, region_id=book.regions[region], positive=True, user_id=book.ada
                )
            )
    before = snapshot()

    change = merged(book, haze, blur)

    assert session().get_one(Tag, child).parent_id == blur
    shown = select(TagExample.region_id).where(
        TagExample.tag_id == blur, TagExample.withdrawn_at.is_(None)
    )
    assert sorted(session().scalars(shown)) == list(book.regions[:2])

    reverse(book.ada, change)
    assert snapshot() == before


def test_what_was_done_since_stays_as_it_is(book: Book) -> None:
    haze, blur = book.tag("haze", 0, 1, 2), book.tag("blur")
    change = merged(book, haze, blur)
    book.put(blur, 3)
    with transaction() as write:
        first = write.scalars(
            select(Tagging).where(Tagging.region_id == book.regions[0]).order_by(Tagging.id)
        ).one()
        first.withdrawn_at = first.created_at

    reverse(book.ada, change)

    assert (book.on(haze), book.on(blur)) == ([1, 2], [3])


def test_taggings_are_brought_back_from_where_a_later_merge_has_put_them(book: Book) -> None:
    haze, blur, soft = book.tag("haze", 0), book.tag("blur", 1), book.tag("soft")
    first = merged(book, haze, blur)
    second = merged(book, blur, soft)

    reverse(book.ada, first)
    assert (book.on(haze), book.on(blur), book.on(soft)) == ([0], [], [1])

    reverse(book.ada, second)
    assert (book.on(haze), book.on(blur), book.on(soft)) == ([0], [1], [])


@pytest.mark.parametrize("taken", ["name", "hotkey"])
def test_a_reversal_is_refused_where_the_name_or_hotkey_was_taken(book: Book, taken: str) -> None:
    haze, blur = book.tag("haze", 0, hotkey="1"), book.tag("blur")
    change = merged(book, haze, blur)
    book.tag("HAZE" if taken == "name" else "mist", hotkey="1" if taken == "hotkey" else None)
    after = snapshot()

    with pytest.raises(ConflictError) as refused:
        reverse(book.ada, change)

    assert str(refused.value) == (
        "Tag “HAZE” already exists." if taken == "name" else "“mist” has the hotkey 1."
    )
    assert snapshot() == after


def test_a_change_is_reversed_once(book: Book) -> None:
    change = merged(book, book.tag("haze", 0), book.tag("blur"))
    reverse(book.ada, change)

    with pytest.raises(ConflictError, match="This change was reversed already"):
        reverse(book.ada, change)


def test_a_tag_is_not_merged_into_itself_or_below_itself(book: Book) -> None:
    top = book.tag("top")
    middle = book.tag("middle", parent_id=top)
    low = book.tag("low", parent_id=middle)

    with pytest.raises(InvalidError, match="cannot be merged into itself"):
        merged(book, top, top)
    for below in (middle, low):
        with pytest.raises(InvalidError, match="lies below “top”"):
            merged(book, top, below)
    with pytest.raises(InvalidError, match="itself or lies below it"):
        move(book.ben, top, low, basis(top, low))
    merged(book, low, top)

    names = session().scalars(select(Tag.name).where(Tag.withdrawn_at.is_(None)))
    assert sorted(names) == ["middle", "top"]


def test_a_merge_is_refused_where_something_was_tagged_since_it_was_previewed(book: Book) -> None:
    haze, blur = book.tag("haze", 0), book.tag("blur")
    seen = basis(haze, blur)
    book.put(haze, 1)

    with pytest.raises(PreviewChangedError, match="Nothing was done"):
        merge(book.ben, haze, blur, seen)

    assert (book.on(haze), book.on(blur)) == ([0, 1], [])


def test_of_two_people_who_merge_at_once_one_does_and_the_other_is_told(
    tables: Flask, book: Book
) -> None:
    haze, blur, soft = book.tag("haze", 0, 1), book.tag("blur"), book.tag("soft")
    bases = {blur: basis(haze, blur), soft: basis(haze, soft)}
    start = threading.Barrier(2)
    told: list[str] = []

    def work(user_id: int, into: int) -> None:
        with tables.app_context():
            start.wait()
            try:
                merge(user_id, haze, into, bases[into])
            except ConflictError as refused:
                told.append(str(refused))

    people = [
        threading.Thread(target=work, args=each) for each in ((book.ada, blur), (book.ben, soft))
    ]
    for each in people:
        each.start()
    for each in people:
        each.join()

    assert len(told) == 1
    assert told[0].startswith("“haze” was merged into “")
    assert sorted([book.on(blur), book.on(soft)]) == [[], [0, 1]]
    assert session().scalar(select(func.count()).select_from(TagChange)) == 1


def test_many_taggings_are_merged_and_brought_back_in_as_many_queries_as_few(book: Book) -> None:
    haze, blur = book.tag("haze"), book.tag("blur")
    few = book.tag("mist", 0)
    many(book, haze, 5_000)
    with counted() as for_few:
        reverse(book.ada, merged(book, few, blur))

    with counted() as for_many:
        reverse(book.ada, merged(book, haze, blur))

    assert len(for_many) == len(for_few)
    count = select(func.count()).where(Tagging.tag_id == haze, Tagging.withdrawn_at.is_(None))
    assert session().scalar(count) == 5_000
