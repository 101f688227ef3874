"""Text as it is searched and compared: without case, and alike however it was typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

_INVISIBLE = frozenset(
    map(
        chr,
        (
            0x034F,  # combining grapheme joiner
            *(0x115F, 0x1160),  # Hangul fillers
            *(0x17B4, 0x17B5),  # Khmer inherent vowels
            *(0x180B, 0x180C, 0x180D, 0x180F),  # Mongolian variation selectors
            0x2800,  # blank Braille pattern
            *range(0xFE00, 0xFE10),  # variation selectors
            *range(0xE0100, 0xE01F0),
        ),
    )
)
"""Signs that show nothing, beside those of the category Cf (joiners, direction marks, …)."""


def folded(text: str) -> str:
    """Fold a text for search and comparison, as Unicode's NFKC_Casefold does.

    Upper and lower case, composed and decomposed letters, wide and narrow forms, "ß" and "ss" are
    alike; signs that show nothing go; spaces and line ends become single spaces.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFD", text)
    # Twice: what the first folding decomposes may have a case again.
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text.casefold())
    shown = "".join(
        sign for sign in text if sign not in _INVISIBLE and unicodedata.category(sign) != "Cf"
    )
    return " ".join(unicodedata.normalize("NFKC", shown).split())


_JOINERS = "\u200c\u200d"
"""Zero-width non-joiner and joiner: Persian, Indic scripts and emoji are not written without."""


def is_printable_line(text: str) -> bool:
    """Whether a text is one line without control, direction or unassigned signs."""
    return all(sign.isprintable() or sign in _JOINERS for sign in text)


def folded_from(column: str) -> Callable[[Any], str]:
    """The default of a column that keeps another column's text folded."""

    def fold(context: Any) -> str:
        return folded(context.get_current_parameters().get(column) or "")

    return fold
