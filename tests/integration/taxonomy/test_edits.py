"""Renaming and describing: nobody saves over a change that they have not seen."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.integration.taxonomy.conftest import Book
from workbench.services.errors import (
    ConflictError,
    EditConflictError,
    InvalidError,
    NotFoundError,
    ServiceError,
)
from workbench.services.taxonomy.edits import Edited, edit
from workbench.services.taxonomy.reversal import reverse
from workbench.store.database import session
from workbench.store.judgements import Tag
from workbench.store.people import AuditEvent
from workbench.store.tag_changes import TagChange


def tag_of(tag_id: int) -> Tag:
    session().expire_all()
    return session().get_one(Tag, tag_id)


def test_a_tag_gets_a_name_a_meaning_a_colour_and_a_key_and_its_old_ones_again(book: Book) -> None:
    blur = book.tag("blur")
    edit(
        book.ben,
        blur,
        Edited(" Soft  focus ", " Out of focus. ", "arXiv 2601.19430", 4, "V"),
        1,
    )

    tag = tag_of(blur)
    assert (tag.name, tag.folded_name, tag.description) == (
        "Soft focus",
        "soft focus",
        "Out of focus.",
    )
    assert (tag.source, tag.hue, tag.hotkey, tag.revision) == ("arXiv 2601.19430", 4, "v", 2)
    event = session().scalars(select(AuditEvent).where(AuditEvent.action == "tag.describe")).one()
    assert event.before is not None
    assert event.after is not None
    assert (event.before["name"], event.after["hotkey"]) == ("blur", "v")

    reverse(book.ada, session().scalars(select(TagChange.id)).one())
    tag = tag_of(blur)
    assert (tag.name, tag.folded_name, tag.description, tag.hotkey) == ("blur", "blur", "", None)


def test_a_save_from_an_old_page_gets_both_versions_and_changes_nothing(book: Book) -> None:
    blur = book.tag("blur")
    edit(book.ben, blur, Edited("soft background", "", hue=1), 1)

    with pytest.raises(EditConflictError) as refused:
        edit(book.ada, blur, Edited("blur", "Out of focus."), 1)

    conflict = refused.value
    assert (conflict.by, conflict.revision) == ("ben", 2)
    assert [(each.name, each.theirs, each.yours) for each in conflict.fields] == [
        ("name", "soft background", "blur"),
        ("description", "", "Out of focus."),
        ("hue", "pink", "by name"),
    ]
    assert (tag_of(blur).name, tag_of(blur).description) == ("soft background", "")

    edit(book.ada, blur, Edited("blur", "Out of focus."), conflict.revision)
    assert (tag_of(blur).name, tag_of(blur).description) == ("blur", "Out of focus.")


def test_who_wants_what_is_there_already_has_no_conflict_and_leaves_no_trace(book: Book) -> None:
    blur = book.tag("blur")
    edit(book.ben, blur, Edited("soft background"), 1)

    assert edit(book.ada, blur, Edited("soft background"), 1) == "soft background"

    assert session().scalar(select(func.count()).select_from(TagChange)) == 1


def test_a_name_is_taken_in_any_case_and_a_tag_may_be_written_in_another(book: Book) -> None:
    blur, smile = book.tag("blur"), book.tag("smile")

    for name in ("smile", "SMILE"):
        with pytest.raises(ConflictError, match="Tag “smile” already exists"):
            edit(book.ada, blur, Edited(name, "lost?"), 1)
    assert edit(book.ada, smile, Edited("Smile"), 1) == "Smile"

    assert (tag_of(blur).name, tag_of(blur).description) == ("blur", "")


@pytest.mark.parametrize(
    ("hotkey", "words"),
    [
        ("t", "Pages use the key t already"),
        ("T", "Pages use the key t already"),
        ("1", "“smile” has the hotkey 1"),
        ("ab", "A hotkey is one character"),
        ("😀", "A hotkey is one character"),
        ("\u200d", "A hotkey is one character"),
    ],
)
def test_a_hotkey_that_something_has_is_refused_by_its_name(
    book: Book, hotkey: str, words: str
) -> None:
    blur = book.tag("blur")
    book.tag("smile", hotkey="1")

    with pytest.raises(ServiceError, match=words):
        edit(book.ada, blur, Edited("blur", hotkey=hotkey), 1)

    assert tag_of(blur).hotkey is None


@pytest.mark.parametrize(
    "name", ["", "\u200b", "x" * 61, "x" * 10_000, "a\u202eb", "a\u0007b", "\u200c\u200d"]
)
def test_what_shows_nothing_turns_text_around_or_is_too_long_is_no_name(
    book: Book, name: str
) -> None:
    blur = book.tag("blur")

    with pytest.raises(InvalidError, match="1 to 60 printable characters"):
        edit(book.ada, blur, Edited(name), 1)


@pytest.mark.parametrize("name", ["می‌خواهم", "<b>bold</b>", "=1+1", "👨‍👩‍👧"])
def test_joined_letters_markup_and_formulas_are_names_like_others(book: Book, name: str) -> None:
    blur = book.tag("blur")

    assert edit(book.ada, blur, Edited(name), 1) == name


def test_what_is_too_long_or_no_colour_or_not_there_is_refused(book: Book) -> None:
    blur = book.tag("blur")

    for wanted in (
        Edited("blur", "x" * 2001),
        Edited("blur", "", "x" * 201),
        Edited("blur", "", "a\u202eb"),
        Edited("blur", hue=6),
    ):
        with pytest.raises(InvalidError):
            edit(book.ada, blur, wanted, 1)
    with pytest.raises(NotFoundError):
        edit(book.ada, 10_000, Edited("blur"), 1)
