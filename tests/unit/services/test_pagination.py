"""A key of a further page reads back to the very number it was made of, or is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.services.errors import InvalidError
from workbench.services.pagination import LARGEST_ID, key_text, parse_key

IDS = st.integers(0, LARGEST_ID)


@given(st.floats(allow_nan=False, allow_infinity=False), IDS)
def test_a_key_reads_back_to_the_very_same_numbers(value: float, row_id: int) -> None:
    assert parse_key(key_text(value, row_id)) == (value, row_id)


@given(st.integers(-(2**53), 2**53), IDS)
def test_a_whole_sort_value_reads_back_too(value: int, row_id: int) -> None:
    assert parse_key(key_text(value, row_id)) == (value, row_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "1.5",
        "1.5~",
        "~7",
        "nan~7",
        "inf~7",
        "-inf~7",
        "1e999~7",
        "1.5~-1",
        "1.5~7.0",
        f"1.5~{LARGEST_ID + 1}",
        "1.5~7~9",
        "1.5~" + "9" * 5000,
        "1.5~7; drop table image",
        "1.5~\x00",
    ],
)
def test_a_broken_key_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidError, match="Start from the first page"):
        parse_key(text)


@given(st.text())
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    try:
        value, row_id = parse_key(text)
    except InvalidError:
        return
    assert value == value  # noqa: PLR0124 - not a NaN
    assert 0 <= row_id <= LARGEST_ID
