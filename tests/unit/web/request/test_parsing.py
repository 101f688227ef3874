"""Parameters and form fields are read, or refused with words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from werkzeug.datastructures import MultiDict

from workbench.services.errors import InvalidError
from workbench.store.database import LARGEST_ID
from workbench.web.request.parsing import ids, key, numbers, whole, words


@given(text=some.text(max_size=12))
def test_whole_numbers_are_read_or_refused_and_never_crash(text: str) -> None:
    try:
        found = whole({"n": text}, "n")
    except InvalidError:
        return
    assert found is None or 0 <= found <= LARGEST_ID


@given(text=some.text(max_size=30))
def test_lists_of_numbers_are_read_or_refused_and_never_crash(text: str) -> None:
    try:
        found = numbers({"n": text}, "n", 4)
    except InvalidError:
        return
    assert found is None or len(found) == 4


@given(text=some.text(max_size=300))
def test_a_key_is_given_back_as_it_was_or_refused(text: str) -> None:
    try:
        found = key({"after": text}, "after")
    except InvalidError:
        return
    assert found in (None, text)


def test_typed_text_is_trimmed_and_its_line_ends_made_one_kind() -> None:
    assert words({"t": " two\r\nlines\rhere "}, "t", 50, "The note") == "two\nlines\nhere"


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[31m", "x" * 51])
def test_text_that_cannot_be_kept_is_refused_with_words(text: str) -> None:
    with pytest.raises(InvalidError, match="The note"):
        words({"t": text}, "t", 50, "The note")


def test_ids_are_of_a_field_that_is_sent_several_times() -> None:
    sent = MultiDict([("member", "3"), ("member", "12"), ("other", "x")])

    assert ids(sent, "member") == (3, 12)
    assert ids(sent, "nothing") == ()


@pytest.mark.parametrize("text", ["x", "-1", "²", "1.0", "9" * 10, "9" * 30, "9" * 5000])
def test_what_can_be_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        ids(MultiDict([("member", "3"), ("member", text)]), "member")
