"""Hotkeys that put a tag on: one character, of one tag, that no page uses for something else."""

from __future__ import annotations

from typing import Final

from flask_babel import gettext

from workbench.services.errors import ConflictError, InvalidError

TAKEN: Final = frozenset("+-/0=?acfghjklnorstuxyz")
"""The keys that pages have; a test compares them with the templates'."""


def clean_hotkey(text: str) -> str | None:
    """A hotkey as it is kept; None for no hotkey.

    Raises InvalidError for what is no key, ConflictError for a key that pages have.
    """
    key = text.strip().lower()
    if not key:
        return None
    if len(key) != 1 or not key.isprintable() or len(key.encode("utf-16-le")) > 2:
        raise InvalidError(gettext("A hotkey is one character, such as 1 or b."))
    if key in TAKEN:
        raise ConflictError(gettext("Pages use the key %(key)s already: see “?”.", key=key))
    return key
