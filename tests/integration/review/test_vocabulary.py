"""The vocabulary is edited by people: bounded, audited, and nobody's edit is lost."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from workbench.services.accounts import Account
from workbench.services.errors import EditConflictError, InvalidError
from workbench.services.review.vocabulary import (
    LONGEST_WORD,
    MOST_WORDS,
    SAVED,
    save_vocabulary,
    vocabulary,
)
from workbench.store.database import session
from workbench.store.people import AuditEvent


def test_there_are_words_before_anyone_has_saved_some(tables: Flask) -> None:
    found = vocabulary()

    assert (found.revision, found.by) == (0, None)
    assert {"eye", "plain background", "checkerboard"} <= set(found.words)
    assert len(found.words) == len(set(found.words)) <= MOST_WORDS
    assert all(word == word.strip() and word for word in found.words)


def test_what_is_saved_counts_each_word_once_and_is_audited(ada: Account) -> None:
    saved = save_vocabulary(ada.id, "  eye \n\nEYE\nbrown   horse\n", 0)

    assert saved.words == ("eye", "brown horse")
    assert vocabulary() == saved
    assert saved.by == "ada"
    event = session().scalars(select(AuditEvent).where(AuditEvent.action == SAVED)).one()
    assert event.user_id == ada.id
    assert event.detail["added"] == ["brown horse"]
    assert "mouth" in event.detail["removed"]
    assert "eye" not in event.detail["removed"]


def test_what_is_saved_unchanged_is_no_edit(ada: Account) -> None:
    first = save_vocabulary(ada.id, "eye", 0)

    assert save_vocabulary(ada.id, "eye\n", first.revision) == first
    assert len(session().scalars(select(AuditEvent).where(AuditEvent.action == SAVED)).all()) == 1


def test_who_edits_an_older_one_is_told_who_was_faster(ada: Account, ben: Account) -> None:
    first = save_vocabulary(ben.id, "eye", 0)

    with pytest.raises(EditConflictError, match="changed by ben") as refused:
        save_vocabulary(ada.id, "mouth", 0)
    [words] = refused.value.fields
    assert (words.theirs, words.yours) == ("eye", "mouth")
    assert (refused.value.by, refused.value.revision) == ("ben", first.revision)
    assert save_vocabulary(ada.id, "mouth", first.revision).words == ("mouth",)


def test_too_many_or_too_long_words_are_refused(ada: Account) -> None:
    many = "\n".join(f"word {number}" for number in range(MOST_WORDS + 1))

    with pytest.raises(InvalidError, match="at most 300 words; these are 301"):
        save_vocabulary(ada.id, many, 0)
    with pytest.raises(InvalidError, match="Line 2: a word must have at most 60"):
        save_vocabulary(ada.id, "eye\n" + "x" * (LONGEST_WORD + 1), 0)
    assert vocabulary().revision == 0


def test_an_empty_one_suggests_nothing(ada: Account) -> None:
    assert save_vocabulary(ada.id, "", 0).words == ()
