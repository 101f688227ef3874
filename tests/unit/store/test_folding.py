"""Text that reads alike folds alike."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.store.folding import folded, is_printable_line


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("\u00c4rger", "A\u0308RGER"),
        ("Straße", "STRASSE"),
        ("ﬁsh", "FISH"),
        ("\uff21\uff22", "ab"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        (
            "\u0645\u06cc\u200c\u062e\u0648",
            "\u0645\u06cc\u062e\u0648",
        ),
        ("👩\u200d🔬\ufe0f", "👩🔬"),
        ("so\u00adft", "soft"),
        ("two\n lines\u00a0here", "Two Lines here"),
    ],
)
def test_what_reads_alike_folds_alike(written: str, typed: str) -> None:
    assert folded(written) == folded(typed) != ""


def test_what_reads_differently_does_not() -> None:
    written = ["Arger", "\u00c4rger", "strase", "strasse", "क्ष", "कष", "a b", "ab", "💔", "❤"]

    assert len({folded(each) for each in written}) == len(written)


@pytest.mark.parametrize("nothing", ["", " \u00a0", "\u200d", "\u3164", "\ufe0f", "\u2800"])
def test_nothing_is_left_of_what_shows_nothing(nothing: str) -> None:
    assert folded(nothing) == ""


@given(st.text())
def test_folding_is_done_once_and_for_every_form(text: str) -> None:
    once = folded(text)

    assert folded(once) == once
    assert folded(unicodedata.normalize("NFD", text)) == once
    assert "\n" not in once


def test_joiners_are_printable_and_signs_that_turn_or_hide_text_are_not() -> None:
    assert is_printable_line("\u0645\u06cc\u200c\u062e\u0648 👩\u200d🔬")
    assert not any(is_printable_line(f"a{sign}") for sign in "\n\0\x1b\u202e\u2066\u200f\ue000")
