"""What a preview says is what the change then does."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.integration.taxonomy.conftest import Book
from workbench.services.errors import InvalidError, NotFoundError, ServiceError
from workbench.services.taxonomy import operations
from workbench.services.taxonomy.operations import Part
from workbench.services.taxonomy.previews import other_id, people_of, preview
from workbench.store.database import session, transaction
from workbench.store.judgements import TagCheck, Tagging
from workbench.store.tag_changes import TagChangeItem


def test_a_merge_moves_and_withdraws_as_many_as_its_preview_says(book: Book) -> None:
    haze, blur = book.tag("haze", 0, 1, 2), book.tag("blur", 2)
    book.put(haze, 3, by=book.ben)
    book.tag("mist", parent_id=haze)
    with transaction() as write:
        tagging = write.scalars(select(Tagging).where(Tagging.tag_id == haze)).first()
        assert tagging is not None
        write.add(Tagging(tag_id=haze, pattern_id=book.pattern, user_id=book.ada))
        write.add(
            TagCheck(tagging_id=tagging.id, region_id=book.regions[0], user_id=book.ben, fits=True)
        )

    seen = preview("merge", haze, "BLUR", Part(), [])

    assert (seen.tag, seen.other, seen.new) == ("haze", "blur", False)
    assert (seen.taggings, seen.by_hand, seen.by_pattern, seen.by_selection) == (5, 4, 1, 0)
    assert (seen.people, seen.doubled, seen.checks, seen.children) == (2, 1, 1, ("mist",))
    operations.merge(book.ben, haze, blur, seen.seen)
    effects = session().execute(
        select(TagChangeItem.effect, func.count()).group_by(TagChangeItem.effect)
    )
    assert dict(effects.tuples().all()) == {"moved": 4, "withdrawn": 1}


def test_a_split_counts_the_part_and_says_whether_the_tag_is_new(book: Book) -> None:
    haze = book.tag("haze", 0, 1)
    book.put(haze, 2, by=book.ben)
    part = Part(user_id=book.ben)

    seen = preview("split", haze, "mist", part, [])

    assert (seen.other, seen.new, seen.taggings) == ("mist", True, 1)
    assert people_of(haze) == ((book.ada, "ada"), (book.ben, "ben"))
    operations.split(book.ben, haze, "mist", part, seen.seen)
    assert book.on(haze) == [0, 1]


def test_a_preview_is_refused_as_the_change_would_be(book: Book) -> None:
    haze = book.tag("haze")
    below = book.tag("mist", parent_id=haze)

    for kind, other, words in (
        ("merge", "haze", "into itself"),
        ("merge", "mist", "lies below"),
        ("merge", "", "Name the other tag"),
        ("merge", "nowhere", "Tag “nowhere” not found"),
        ("move", "mist", "itself or lies below it"),
        ("move", "", "It is there already"),
        ("restore", "", "not deprecated"),
        ("accept", "", "not proposed"),
        ("split", "fog", "Choose which part"),
    ):
        with pytest.raises(ServiceError, match=words):
            preview(kind, haze, other, Part(), [])
    with pytest.raises(NotFoundError):
        preview("accept", 10_000, "", Part(), [])
    with pytest.raises(InvalidError):
        other_id("merge", "")
    assert other_id("move", "") is None
    assert other_id("merge", "MIST") == below
